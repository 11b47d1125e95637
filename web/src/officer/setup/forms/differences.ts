import type { JsonObject } from '@/api/types'
import { isObject } from '@/components/schema/pointer'

export interface Difference {
  path: (string | number)[]
  /** What the rows on the way are called, where they have a name: a paper's title says more than its number. */
  names: (string | null)[]
  before: unknown
  after: unknown
}

const marks = ['code', 'id', 'kind', 'const', 'channel', 'number', 'unit', 'off', 'registry', 'name'] as const

/** What tells the rows of a list apart; null: only their place does. */
function markOf(rows: readonly unknown[]): string | null {
  return marks.find((mark) => {
    const all = rows.map((row) => (isObject(row) && (typeof row[mark] === 'string') ? row[mark] : null))
    return all.every((one) => one !== null) && new Set(all).size === all.length
  }) ?? null
}

export function nameOf(value: unknown): string | null {
  if (!isObject(value)) return null
  for (const title of [value.title, value.name, value.text]) {
    if (isObject(title) && typeof title.vi === 'string') return title.vi
    if (typeof title === 'string') return title
  }
  return null
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)

/** Two definitions, value by value; rows of a list are the same when their mark is, wherever they stand. */
export function differences(before: JsonObject, after: JsonObject): Difference[] {
  const found: Difference[] = []
  const walk = (a: unknown, b: unknown, path: (string | number)[], names: (string | null)[]): void => {
    if (same(a, b)) return
    const next = (key: string | number, x: unknown, y: unknown) => walk(x, y, [...path, key], [...names, nameOf(y) ?? nameOf(x)])
    if (isObject(a) && isObject(b)) {
      for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) next(key, a[key], b[key])
      return
    }
    const mark = Array.isArray(a) && Array.isArray(b) ? markOf(a) : null
    if (Array.isArray(a) && Array.isArray(b) && mark !== null && markOf(b) === mark) {
      const of = (rows: readonly unknown[], key: unknown): unknown => rows.find((row) => isObject(row) && row[mark] === key)
      const keys = new Set([...(a as unknown[]), ...(b as unknown[])].map((row) => (isObject(row) ? row[mark] : null)))
      const length = found.length
      for (const key of keys) next(b.indexOf(of(b, key)), of(a, key), of(b, key))
      if (found.length > length) return // else only their order is another
    }
    found.push({ path, names, before: a, after: b })
  }
  walk(before, after, [], [])
  return found
}
