import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { call, Problem } from '@/api/http'
import type { JsonObject, Me, Page, RegistryRecord, RoleName, UiPage } from '@/api/types'
import { isObject } from '@/components/schema/pointer'
import type { Schema } from '@/components/schema/prune'
import { currentLanguage, type Language } from '@/i18n/language'

/** A definition says its titles in both languages; a form is shown in one. */
export function localised(value: unknown, language: Language): unknown {
  if (Array.isArray(value)) return value.map((one) => localised(one, language))
  if (!isObject(value)) return value
  if (typeof value.vi === 'string') return typeof value[language] === 'string' ? value[language] : value.vi
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, localised(inner, language)]))
}

export interface Definition {
  schema: Schema
  pages: UiPage[]
}

/** The form of a service as its definition says it: an officer of a case reads titles here, without asking for anyone's data. */
export function useDefinition(service: string | undefined) {
  const found = useQuery({
    queryKey: ['definition', service],
    queryFn: ({ signal }) =>
      call<RegistryRecord>(`/registries/service/records/${encodeURIComponent(service ?? '')}`, { query: { purpose: 'public' }, signal }),
    enabled: service !== undefined,
    staleTime: 10 * 60_000,
  })
  const language = currentLanguage()
  const definition = useMemo((): Definition | null => {
    if (!found.data) return null
    const body = localised(found.data.body, language) as JsonObject
    const ui = isObject(body.ui) ? body.ui : {}
    return { schema: isObject(body.form) ? body.form : {}, pages: Array.isArray(ui.pages) ? (ui.pages as UiPage[]) : [] }
  }, [found.data, language])
  return { ...found, definition }
}

export interface Person {
  number: string
  full_name: string
  birth_date?: string
  sex?: string
  address?: string
  status?: string
}

const personOf = ({ key, body, title }: RegistryRecord): Person => {
  const text = (name: string) => (typeof body[name] === 'string' ? body[name] : undefined)
  return {
    number: text('number') ?? key, full_name: text('full_name') ?? title ?? key, birth_date: text('birth_date'), sex: text('sex'),
    address: text('address'), status: text('status'),
  }
}

/** Residents by personal number (one or none) or by words of the name. Each look is written in the resident's access log. */
export async function findPeople(given: string): Promise<Person[]> {
  if (/^\d{12}$/.test(given))
    try {
      return [personOf(await call<RegistryRecord>(`/registries/person/records/${given}`, { query: { purpose: 'case' } }))]
    } catch (error) {
      if (error instanceof Problem && error.status === 404) return []
      throw error
    }
  const { items } = await call<Page<RegistryRecord>>('/registries/person/records', { query: { purpose: 'case', q: given, limit: 10 } })
  return items.map(personOf)
}

export const holds = (me: Me | null | undefined, role: RoleName | 'applicant' | null | undefined, unit?: string): boolean =>
  me?.roles.some((held) => held.role === role && (unit === undefined || held.unit === null || held.unit.code === unit)) ?? false
