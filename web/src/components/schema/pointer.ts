import type { JsonObject } from '@/api/types'

const decode = (token: string): string => token.replaceAll('~1', '/').replaceAll('~0', '~')

/** "/a/b~1c" or "#/a/b~1c" → ["a", "b/c"] */
export const tokens = (pointer: string): string[] => pointer.replace(/^#/, '').split('/').slice(1).map(decode)

export const isObject = (value: unknown): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value)

export function valueAt(data: unknown, path: readonly string[]): unknown {
  let here = data
  for (const token of path) {
    if (Array.isArray(here)) here = here[Number(token)] as unknown
    else if (isObject(here)) here = here[token]
    else return undefined
  }
  return here
}

/** A copy of data with one value changed; objects on the way are made as needed. */
export function withValue(data: JsonObject, path: readonly string[], value: unknown): JsonObject {
  const [first, ...rest] = path
  if (first === undefined) return data
  const inner = data[first]
  return { ...data, [first]: rest.length === 0 ? value : withValue(isObject(inner) ? inner : {}, rest, value) }
}

/** The id RJSF gives the input of a field: "/copies" → "root_copies". */
export const inputId = (pointer: string): string => ['root', ...tokens(pointer)].join('_')
