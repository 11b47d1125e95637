import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { call } from '@/api/http'
import type { JsonObject, Page, RegistryRecord } from '@/api/types'
import { isObject } from '@/components/schema/pointer'
import type { Option } from './fields'

interface RegistryOf { name: string; group: string; title: string; schema?: JsonObject }

async function all<T>(path: string, query: Record<string, string>, signal: AbortSignal): Promise<T[]> {
  const rows: T[] = []
  for (let cursor: string | undefined; ;) {
    const { items, next } = await call<Page<T>>(path, { query: { ...query, cursor }, signal })
    rows.push(...items)
    if (!next) return rows
    cursor = next
  }
}

const useRecords = (kind: string) =>
  useQuery({ queryKey: ['definitions', 'all', kind], queryFn: ({ signal }) => all<RegistryRecord>(`/registries/${kind}/records`, { limit: '200', purpose: 'public' }, signal) })

/** The definitions of a kind that are in force, to choose from. */
export function useChoices(kind: string): Option[] {
  const { data } = useRecords(kind)
  return useMemo(() => (data ?? []).map(({ key, title }) => ({ value: key, label: title ?? key })), [data])
}

export function useUnits(): RegistryRecord[] {
  return useRecords('unit').data ?? []
}

/** The names under which units offer services, each with who does. */
export function useOffers(more: (name: string, count: number) => string): Option[] {
  const units = useUnits()
  return useMemo(() => {
    const by = new Map<string, string[]>()
    for (const { body, title, key } of units)
      if (Array.isArray(body.offers) && body.to === undefined) for (const offer of body.offers) by.set(String(offer), [...(by.get(String(offer)) ?? []), title ?? key])
    return [...by].map(([value, [first = value, ...rest]]) => ({ value, label: rest.length > 0 ? more(first, rest.length) : first })).sort((a, b) => a.label.localeCompare(b.label, 'vi'))
  }, [units, more])
}

export function useRegistries(): RegistryOf[] {
  const found = useQuery({ queryKey: ['definitions', 'registries'], queryFn: ({ signal }) => all<RegistryOf>('/registries', {}, signal) })
  return useMemo(() => (found.data ?? []).filter(({ group }) => group !== 'definitions'), [found.data])
}

/** What the city knows of the applicant and may fill in: the fields of the register of persons. */
export function useSources(account: (field: string) => string): Option[] {
  const found = useQuery({ queryKey: ['definitions', 'registry', 'person'], queryFn: ({ signal }) => call<RegistryOf>('/registries/person', { signal }) })
  return useMemo(() => {
    const fields = isObject(found.data?.schema) && isObject(found.data.schema.properties) ? found.data.schema.properties : {}
    const known = Object.entries(fields).map(([name, one]) => ({ value: `person.${name}`, label: `${found.data?.title ?? ''}: ${isObject(one) && typeof one.title === 'string' ? one.title : name}` }))
    return [...known, ...['phone', 'email'].map((name) => ({ value: `applicant.${name}`, label: account(name) }))]
  }, [found.data, account])
}
