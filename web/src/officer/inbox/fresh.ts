import { useState } from 'react'
import type { CaseRow } from '@/api/types'

interface Seen {
  list: string
  pages: number
  codes: readonly string[]
  fresh: readonly string[]
  /** How often something came: the same words said twice are still two announcements. */
  times: number
}

/** Which rows came by themselves since the list was opened: not those that a filter or "load more" brought. */
export function useFresh(list: string, pages: number, rows: readonly CaseRow[]): Seen {
  const codes = rows.map(({ code }) => code)
  const [seen, setSeen] = useState<Seen>({ list: '', pages: 0, codes: [], fresh: [], times: 0 })
  if (pages === 0) return seen
  if (seen.list !== list || seen.pages === 0) {
    const first = { list, pages, codes, fresh: [], times: seen.times }
    setSeen(first)
    return first
  }
  if (seen.codes.length === codes.length && seen.codes.every((code, i) => code === codes[i]) && seen.pages === pages) return seen
  const known = new Set(seen.codes)
  const fresh = pages === seen.pages ? codes.filter((code) => !known.has(code)) : []
  const next = { list, pages, codes, fresh: fresh.length > 0 ? fresh : seen.fresh.filter((code) => codes.includes(code)), times: seen.times + (fresh.length > 0 ? 1 : 0) }
  setSeen(next)
  return next
}
