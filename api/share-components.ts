type Node = Readonly<Record<string, unknown>>
type Components = { readonly schemas: Record<string, unknown>; readonly examples: Record<string, unknown> }
type Document = { readonly paths?: unknown; readonly components?: object }

/** Moves schemas that have a title, and examples that have a name, to the components: each is there once, and clients that are generated know it by its name. */
export function shareComponents<T extends Document>(document: T): T {
  const components: Components = { schemas: {}, examples: {} }
  const paths = share(document.paths, components)
  return { ...document, paths, components: { ...document.components, ...components } }
}

function share(node: unknown, components: Components): unknown {
  if (Array.isArray(node)) return node.map((each) => share(each, components))
  if (!isNode(node)) return node
  const shared = mapValues(node, (value, key) => {
    // What is an example has no schemas, whatever it looks like.
    if (key === 'example' || key === 'default' || key === 'enum') return value
    if (key !== 'examples') return share(value, components)
    return Array.isArray(value)
      ? value
      : mapValues(value as Node, (each, name) => refTo(components, 'examples', name, each))
  })
  const { title } = shared
  return typeof title === 'string' ? refTo(components, 'schemas', title, shared) : shared
}

function refTo(components: Components, kind: keyof Components, name: string, value: unknown): Node {
  const known = components[kind][name] ?? value
  if (JSON.stringify(known) !== JSON.stringify(value)) throw new Error(`two ${kind} have the name ${name}`)
  components[kind][name] = value
  return { $ref: `#/components/${kind}/${name}` }
}

const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null

const mapValues = (node: Node, map: (value: unknown, key: string) => unknown): Node =>
  Object.fromEntries(Object.entries(node).map(([key, value]) => [key, map(value, key)]))
