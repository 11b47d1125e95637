import { isMap, isScalar, isSeq, parseDocument, type Document } from 'yaml'
import type { JsonObject } from '@/api/types'

export type Path = readonly (string | number)[]

export const pointerOf = (path: Path): string => path.map((token) => `/${String(token).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')

/** The text as a document that keeps its comments and order; null when it is none that a form could show. */
export function read(text: string): Document | null {
  const doc = parseDocument(text)
  return doc.errors.length === 0 && isMap(doc.contents) ? doc : null
}

export const bodyOf = (doc: Document): JsonObject => doc.toJS() as JsonObject

/** Lines stay as long as they were written; only what was touched is laid out anew. */
export const write = (doc: Document): string => doc.toString({ lineWidth: 0, flowCollectionPadding: false })

// Definitions have no anchors: what is used twice is written twice.
const nodeOf = (doc: Document, value: unknown) => doc.createNode(value, { aliasDuplicateObjects: false })

/** undefined takes it away. */
export function put(doc: Document, path: Path, value: unknown): void {
  if (value === undefined) {
    if (doc.hasIn(path)) doc.deleteIn(path)
  } else if (typeof value === 'object') doc.setIn(path, nodeOf(doc, value))
  else doc.setIn(path, value)
}

/** One more at the end of a list, which is made if need be. */
export function append(doc: Document, path: Path, value: unknown): void {
  const list = doc.getIn(path, true)
  if (isSeq(list)) list.add(nodeOf(doc, value))
  else doc.setIn(path, nodeOf(doc, [value]))
}

/** One up (-1) or down (+1) among its neighbours, in a list or in a map whose order counts. */
export function move(doc: Document, path: Path, by: -1 | 1): void {
  const own = path.at(-1)
  const around = doc.getIn(path.slice(0, -1), true)
  if (!isSeq(around) && !isMap(around)) return
  const items = around.items as unknown[]
  const at = isSeq(around) ? Number(own) : around.items.findIndex(({ key }) => (isScalar(key) ? key.value : key) === own)
  const to = at + by
  if (at < 0 || to < 0 || to >= items.length) return
  const [item] = items.splice(at, 1)
  items.splice(to, 0, item)
}

/** "Số điện thoại" → "so_dien_thoai": a name for what a person has only given a title; taken ones get a number. */
export function nameFor(title: string, taken: readonly string[], joint = '_'): string {
  const base = title.normalize('NFD').replace(/\p{M}/gu, '').replace(/[đĐ]/g, 'd').toLowerCase().replace(/[^a-z0-9]+/g, joint).replace(/^[^a-z]+|[^a-z0-9]+$/g, '').slice(0, 40) || 'muc'
  for (let n = 1; ; n++) {
    const name = n === 1 ? base : `${base}${joint}${n}`
    if (!taken.includes(name)) return name
  }
}
