import type { CasePaper } from '@/api/types'

/** What the city holds in the place of a paper: its title, "" when it only says that it does, null when it does not. */
export function heldTitle(paper: CasePaper | undefined): string | null {
  const held = paper?.held
  if (!held) return null
  if (typeof held === 'string') return held
  return typeof held === 'object' ? (held.title ?? '') : ''
}
