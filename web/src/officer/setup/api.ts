import { useQuery } from '@tanstack/react-query'
import { call } from '@/api/http'
import type { JsonObject, Page, RegistryRecord, ServiceRow } from '@/api/types'

/** What an administrator may edit, by the registries that hold it. */
export const kinds = ['service', 'flow', 'calendar', 'unit', 'paper', 'registry', 'rules'] as const
export type Kind = (typeof kinds)[number]
/** What a form can show; the rest is text. */
export const hasForm = (kind: string): boolean => ['service', 'flow', 'calendar', 'unit'].includes(kind)

export interface Draft {
  text: string
  version: number
  based_on: number
  saved_at: string
  publish_at: string | null
}
export interface DefinitionText {
  kind: string
  key: string
  version: number
  text: string | null
  draft: Draft | null
}
export interface Fault {
  line: number
  /** Where in the definition; empty: the whole. */
  pointer: string
  rule: string
  what: string
}
export interface Checked {
  problems: Fault[]
  body: JsonObject | null
  /** A flow as it goes now. */
  drawing: string | null
}
export interface DiffLine {
  mark: '=' | '-' | '+'
  text: string
}
interface DraftRow {
  kind: string
  key: string
  saved_at: string
  publish_at: string | null
}

export const pathOf = (kind: string, key: string): string => `/definitions/${encodeURIComponent(kind)}/${encodeURIComponent(key)}`

export interface Row {
  key: string
  title: string
  version: number | null
}
const folded = (text: string): string => text.normalize('NFD').replace(/\p{M}/gu, '').replace(/[đĐ]/g, 'd').toLowerCase()

/** Services are searched by the catalogue; of the other kinds there are few enough to look through. */
async function find(kind: Kind, q: string, signal: AbortSignal): Promise<Row[]> {
  if (kind === 'service' && q) {
    const { items } = await call<Page<ServiceRow>>('/services', { query: { q, limit: 50 }, signal })
    return items.map(({ code, name }) => ({ key: code, title: name, version: null }))
  }
  const { items } = await call<Page<RegistryRecord>>(`/registries/${kind}/records`, { query: { limit: 200, purpose: 'public' }, signal })
  const rows = items.map(({ key, title, version }) => ({ key, title: title ?? key, version }))
  return rows.filter(({ key, title }) => folded(`${key} ${title}`).includes(folded(q)))
}

export const useDefinitions = (kind: Kind, q: string) =>
  useQuery({ queryKey: ['definitions', kind, q], queryFn: ({ signal }) => find(kind, q, signal) })

export const useDrafts = () =>
  useQuery({ queryKey: ['definitions', 'drafts'], queryFn: ({ signal }) => call<Page<DraftRow>>('/definition-drafts', { signal }) })

export const useDefinitionText = (kind: string, key: string) =>
  useQuery({ queryKey: ['definitions', 'text', kind, key], queryFn: ({ signal }) => call<DefinitionText>(pathOf(kind, key), { signal }), refetchOnWindowFocus: false })

/** Asked for again with every change; an old answer stays until the new one is there. */
export const useChecked = (kind: string, key: string, text: string) =>
  useQuery({
    queryKey: ['definitions', 'check', kind, key, text],
    queryFn: ({ signal }) => call<Checked>(`${pathOf(kind, key)}/check`, { method: 'POST', body: { text }, signal }),
    placeholderData: (before) => before, enabled: text !== '', gcTime: 0,
  })
