import { useState } from 'react'

export interface Filter {
  box: 'inbox' | 'unit'
  status: string
  service: string
  late: boolean
  q: string
}

export const plain: Filter = { box: 'inbox', status: '', service: '', late: false, q: '' }

/** The filter lives in the address: a list can be bookmarked, sent to a colleague and come back to. */
export const readFilter = (search: URLSearchParams): Filter => ({
  box: search.get('pham-vi') === 'don-vi' ? 'unit' : 'inbox',
  status: /^([1-9]|10)$/.test(search.get('tinh-trang') ?? '') ? (search.get('tinh-trang') ?? '') : '',
  service: search.get('thu-tuc') ?? '',
  late: search.get('qua-han') === '1',
  q: search.get('tim') ?? '',
})

export function writeFilter({ box, status, service, late, q }: Filter): string {
  const search = new URLSearchParams()
  if (box === 'unit') search.set('pham-vi', 'don-vi')
  if (status) search.set('tinh-trang', status)
  if (service) search.set('thu-tuc', service)
  if (late) search.set('qua-han', '1')
  if (q) search.set('tim', q)
  return search.toString()
}

export const narrows = ({ status, service, late, q }: Filter): boolean => Boolean(status || service || late || q)

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
