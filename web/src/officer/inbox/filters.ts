import { useState } from 'react'
import type { CaseQuery } from '@/api/hooks'

export interface Filter {
  box: 'inbox' | 'unit'
  status: string
  service: string
  field: string
  late: boolean
  silent: boolean
  q: string
  phone: string
  /** Days of submission and of the date promised, YYYY-MM-DD. */
  from: string
  to: string
  due_from: string
  due_to: string
  /** An officer's id, or none. */
  assignee: string
}

export const plain: Filter = {
  box: 'inbox', status: '', service: '', field: '', late: false, silent: false, q: '', phone: '', from: '', to: '', due_from: '', due_to: '', assignee: '',
}

/** Their names in the address, which people read too. */
const words = {
  service: 'thu-tuc', field: 'linh-vuc', q: 'tim', phone: 'dien-thoai', from: 'nop-tu', to: 'nop-den', due_from: 'han-tu', due_to: 'han-den', assignee: 'nguoi-giu',
} as const
const days = ['from', 'to', 'due_from', 'due_to'] as const
const texts = Object.keys(words) as (keyof typeof words)[]

/** The filter lives in the address: a list can be bookmarked, sent to a colleague and come back to. */
export function readFilter(search: URLSearchParams): Filter {
  const filter: Filter = {
    ...plain,
    box: search.get('pham-vi') === 'don-vi' ? 'unit' : 'inbox',
    status: /^([1-9]|10)$/.test(search.get('tinh-trang') ?? '') ? (search.get('tinh-trang') ?? '') : '',
    late: search.get('qua-han') === '1',
    silent: search.get('im-lang') === '1',
  }
  for (const name of texts) filter[name] = search.get(words[name]) ?? ''
  for (const name of days) if (!/^\d{4}-\d\d-\d\d$/.test(filter[name])) filter[name] = ''
  if (!/^(none|\d+)$/.test(filter.assignee)) filter.assignee = ''
  return filter
}

export function writeFilter(filter: Filter): string {
  const search = new URLSearchParams()
  if (filter.box === 'unit') search.set('pham-vi', 'don-vi')
  if (filter.status) search.set('tinh-trang', filter.status)
  if (filter.late) search.set('qua-han', '1')
  if (filter.silent) search.set('im-lang', '1')
  for (const name of texts) if (filter[name]) search.set(words[name], filter[name])
  return search.toString()
}

/** As the server is asked. */
export const queryOf = ({ box, late, silent, ...rest }: Filter): CaseQuery => ({
  box, late: late ? '1' : undefined, silent: silent ? '1' : undefined,
  ...Object.fromEntries(Object.entries(rest).map(([name, value]) => [name, value || undefined])),
})

export const narrows = (filter: Filter): boolean => writeFilter({ ...filter, box: 'inbox' }) !== ''

/** What stands behind "more filters". */
export const hidden = ({ field, silent, phone, from, to, due_from, due_to, assignee }: Filter): number =>
  [field, silent, phone, from, to, due_from, due_to, assignee].filter(Boolean).length

export interface SavedFilter {
  name: string
  search: string
}

/** Named filters of one person, kept in this browser. */
export function useSavedFilters(user: string) {
  const place = `motcua.filters.${user}`
  const [saved, setSaved] = useState<SavedFilter[]>(() => {
    try {
      const found: unknown = JSON.parse(localStorage.getItem(place) ?? '[]')
      return Array.isArray(found) ? (found as SavedFilter[]).filter(({ name, search }) => typeof name === 'string' && typeof search === 'string') : []
    } catch {
      return []
    }
  })
  const keep = (list: SavedFilter[]) => {
    setSaved(list)
    try {
      localStorage.setItem(place, JSON.stringify(list))
    } catch {
      /* kept until the page is left */
    }
  }
  return {
    saved,
    save: (name: string, filter: Filter) => keep([...saved.filter((one) => one.name !== name), { name, search: writeFilter(filter) }]),
    remove: (name: string) => keep(saved.filter((one) => one.name !== name)),
  }
}
