import type { JsonObject } from '@/api/types'
import { isObject, tokens } from './pointer'

export type Schema = JsonObject

/** Follows local references ("#/$defs/person"), which is all that a service's form uses. */
export function resolve(schema: unknown, root: Schema): Schema {
  let here = schema
  for (let i = 0; i < 16 && isObject(here) && typeof here.$ref === 'string' && here.$ref.startsWith('#/'); i++) {
    const { $ref, ...beside } = here
    let target: unknown = root
    for (const token of tokens($ref)) target = isObject(target) ? target[token] : undefined
    here = isObject(target) ? { ...target, ...beside } : beside
  }
  return isObject(here) ? here : {}
}

/** What stands at a data path: through properties and items. */
export function schemaAt(root: Schema, path: readonly string[]): Schema {
  let here = resolve(root, root)
  for (const token of path) {
    const properties = isObject(here.properties) ? here.properties : {}
    here = resolve(properties[token] ?? (here.items), root)
  }
  return here
}

type Keep = (path: readonly string[]) => boolean

function pruneAt(node: Schema, path: readonly string[], keep: Keep, dives: Keep, root: Schema): Schema {
  const pruned: Schema = { ...node }
  // The other pages' fields are in the data too: they are no error here, the server judges the whole.
  delete pruned.additionalProperties
  delete pruned.unevaluatedProperties
  delete pruned.minProperties
  delete pruned.maxProperties
  if (isObject(node.properties)) {
    const properties: JsonObject = {}
    for (const [name, child] of Object.entries(node.properties)) {
      const here = [...path, name]
      if (!keep(here)) continue
      const inner = dives(here) ? pruneAt(resolve(child, root), here, keep, dives, root) : child
      if (dives(here) && isObject(inner) && isObject(inner.properties) && Object.keys(inner.properties).length === 0) continue
      properties[name] = inner
    }
    pruned.properties = properties
  }
  if (Array.isArray(node.required)) pruned.required = node.required.filter((name) => keep([...path, String(name)]))
  if (isObject(node.dependentRequired))
    pruned.dependentRequired = Object.fromEntries(
      Object.entries(node.dependentRequired).map(([name, needs]) => [
        name, (Array.isArray(needs) ? needs : []).filter((need) => keep([...path, String(need)])),
      ]),
    )
  for (const word of ['then', 'else'] as const)
    if (isObject(node[word])) pruned[word] = pruneAt(node[word], path, keep, dives, root)
  if (Array.isArray(node.allOf))
    pruned.allOf = node.allOf.map((part: unknown) => (isObject(part) ? pruneAt(part, path, keep, dives, root) : part))
  if (isObject(node.dependentSchemas))
    pruned.dependentSchemas = Object.fromEntries(
      Object.entries(node.dependentSchemas).map(([name, part]) => [name, isObject(part) ? pruneAt(part, path, keep, dives, root) : part]),
    )
  return pruned
}

/** The part of a form's schema that one page asks: its own top-level fields without those the city has locked. */
export function pageSchema(root: Schema, fields: readonly string[] | null, locked: readonly string[]): Schema {
  const closed = new Set(locked)
  const name = (path: readonly string[]) => `/${path.map((token) => token.replaceAll('~', '~0').replaceAll('/', '~1')).join('/')}`
  const keep: Keep = (path) => (fields === null || fields.includes(path[0] ?? '')) && !closed.has(name(path))
  const dives: Keep = (path) => locked.some((pointer) => pointer.startsWith(`${name(path)}/`))
  const pruned = pruneAt(root, [], keep, dives, root)
  delete pruned.title
  delete pruned.description
  return pruned
}

/** Does the page ask anything, or is all of it known? */
export const asksNothing = (schema: Schema): boolean =>
  Object.keys(isObject(schema.properties) ? schema.properties : {}).length === 0
