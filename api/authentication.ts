import { timingSafeEqual } from 'node:crypto'
import type { RateLimitPluginOptions } from '@fastify/rate-limit'
import type { FastifyContextConfig, FastifyInstance, FastifyRequest } from 'fastify'
import type { Scope } from '../domain/api-key.ts'
import { hashOf, SCOPES } from '../domain/api-key.ts'
import type { ApiKeyStore } from '../domain/ports.ts'
import type { Principal } from './principal.ts'
import { LOCAL_USER_ID } from './principal.ts'
import { Problem } from './problem.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Whose data this request may see; every query is scoped to it. */
    userId: string
    principal: Principal
  }
  interface FastifyContextConfig {
    /** What a key must be allowed to do; unset: `read` for GET and HEAD, `write` for everything else. */
    scope?: Scope | 'public'
  }
}

export type AuthenticationOptions = {
  readonly keys: ApiKeyStore
  /** A key of the configuration, for whoever makes the others. */
  readonly adminKey: string | undefined
  /** The names by which this machine may be called while there is no key: a page from elsewhere calls it by another one. */
  readonly ownHosts: readonly string[]
}

/** Who a request is from, for public routes that tell some more than others; undefined: nobody that we know. */
export type Identify = (request: FastifyRequest) => Promise<Principal | undefined>

const FAILURES: RateLimitPluginOptions = { max: 20, timeWindow: '1 minute', keyGenerator: ({ ip }) => ip }
const LOCAL: Principal = { userId: LOCAL_USER_ID, scopes: SCOPES }
const BEARER = /^Bearer +(?<key>[\x21-\x7e]{1,200})$/i

/**
 * Tells who a request is from, by its key; until there is one, everybody on this machine may do everything.
 * Revoking a key works at once, since each request asks for its own.
 */
export function authenticate(app: FastifyInstance, options: AuthenticationOptions): Identify {
  const failures = app.createRateLimit(FAILURES)
  const principals = new Principals(options)
  app.decorateRequest('userId', '')
  app.decorateRequest('principal', null as unknown as Principal)
  app.addHook('onRequest', async (request) => {
    const scope = scopeOf(request)
    if (scope === 'public') return
    const principal = await principals.of(request)
    if (!principal) {
      const limit = await failures(request)
      throw new Problem('isExceeded' in limit && limit.isExceeded ? 'TOO_MANY_REQUESTS' : 'UNAUTHENTICATED')
    }
    if (!principal.scopes.includes(scope))
      throw new Problem('SCOPE_MISSING', { detail: `It takes the scope ${scope}.` })
    request.principal = principal
    request.userId = principal.userId
  })
  return (request) => principals.of(request)
}

class Principals {
  readonly #keys: ApiKeyStore
  readonly #adminHash: Buffer | undefined
  readonly #ownHosts: readonly string[]
  #needsKey: boolean

  constructor({ keys, adminKey, ownHosts }: AuthenticationOptions) {
    this.#keys = keys
    this.#adminHash = adminKey === undefined ? undefined : hashOf(adminKey)
    this.#needsKey = adminKey !== undefined
    this.#ownHosts = ownHosts
  }

  /** Undefined: nobody that we know. */
  async of(request: FastifyRequest): Promise<Principal | undefined> {
    const { authorization } = request.headers
    if (authorization === undefined) return (await this.#isKeyNeeded()) ? undefined : this.#local(request)
    const key = BEARER.exec(authorization)?.groups?.key
    return key === undefined ? undefined : this.#withKey(hashOf(key))
  }

  async #withKey(hash: Buffer): Promise<Principal | undefined> {
    if (this.#adminHash && timingSafeEqual(hash, this.#adminHash)) return { ...LOCAL, key: 'ADMIN_API_KEY' }
    const key = await this.#keys.findActive(hash)
    return key && { userId: key.userId, scopes: key.scopes, key: key.prefix }
  }

  /** Once there was a key, there is no way back: the last one that expires must not open the door to everybody. */
  async #isKeyNeeded(): Promise<boolean> {
    this.#needsKey ||= await this.#keys.hasAny()
    return this.#needsKey
  }

  /** A web page that somebody on this machine looks at could send requests here, too. */
  #local({ hostname, headers: { origin } }: FastifyRequest): Principal {
    const isOwn = (host: string) => this.#ownHosts.includes(host)
    if (!isOwn(hostname) || (origin !== undefined && !isOwn(hostOf(origin)))) throw new Problem('HOST_NOT_ALLOWED')
    return LOCAL
  }
}

const hostOf = (origin: string) => (URL.canParse(origin) ? new URL(origin).hostname : origin)

function scopeOf({ method, routeOptions: { config, url = '' } }: FastifyRequest): Scope | 'public' {
  // The plugin that serves them makes their routes by itself. What the API takes is no secret.
  return /^\/docs(\/|$)/.test(url) ? 'public' : scopeOfRoute(method, config)
}

export const scopeOfRoute = (method: string, { scope }: FastifyContextConfig): Scope | 'public' =>
  scope ?? (method === 'GET' || method === 'HEAD' ? 'read' : 'write')
