/** The list that was last looked at: j and k on a case page walk it, and the way back leads to it. */
let codes: readonly string[] = []
let search = ''

export function rememberList(listed: readonly string[], under: string): void {
  codes = listed
  search = under
}

export const listAddress = (): string => (search ? `/can-bo?${search}` : '/can-bo')

export function neighbours(code: string): { before: string | null; after: string | null } {
  const at = codes.indexOf(code)
  return at < 0 ? { before: null, after: codes[0] ?? null } : { before: codes[at - 1] ?? null, after: codes[at + 1] ?? null }
}
