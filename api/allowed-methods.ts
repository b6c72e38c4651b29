import type { RouteOptions } from 'fastify'

type Route = { readonly segments: readonly string[]; readonly methods: readonly string[] }

/** Which methods an address takes. */
export class AllowedMethods {
  readonly #routes: Route[] = []

  /** Of the routes that take every address, as that of CORS, none says that there is something. */
  readonly add = ({ url, method }: RouteOptions): void => {
    if (url !== '*') this.#routes.push({ segments: segmentsOf(url), methods: [method].flat() })
  }

  /** None where there is nothing. */
  at(path: string): string[] {
    const there = this.#routes.filter(({ segments }) => isAt(segments, segmentsOf(path)))
    return [...new Set(there.flatMap(({ methods }) => methods))].toSorted()
  }
}

const segmentsOf = (path: string) => path.replace(/\/$/, '').split('/')

/** `route`: as of `/experts/:id`; a `*` at its end stands for any number of segments. */
const isAt = (route: readonly string[], path: readonly string[]): boolean =>
  (route.at(-1) === '*' || route.length === path.length) &&
  route.every((segment, i) => segment === '*' || (segment.startsWith(':') ? path[i] !== '' : segment === path[i]))
