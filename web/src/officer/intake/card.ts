/** What the code on an identity card says. */
export interface Card {
  number: string
  name: string
  /** "1990-02-01", or "" when it is no date. */
  birth: string
  sex: string
  address: string
}

/** "number|old number|name|ddMMyyyy|sex|address|date of issue", as a scanner types it; later cards add more after that. */
export function readCard(text: string): Card | null {
  const [number = '', , name = '', born = '', sex = '', address = ''] = text.trim().split('|').map((part) => part.trim())
  if (!/^\d{12}$/.test(number) || name === '') return null
  const date = /^(\d{2})(\d{2})(\d{4})$/.exec(born)
  return { number, name, birth: date ? `${date[3]}-${date[2]}-${date[1]}` : '', sex, address }
}

/** Where what a code says is to be seen: a dossier, or the proof of a paper; null when it is neither. */
export function placeOf(text: string): string | null {
  const paper = /\/verify\/([0-9A-Z]{12})$/.exec(text.trim())?.[1]
  if (paper) return `/verify/${paper}`
  const dossier = /(?:^|\/)(H\d{2}(?:\.\d+)+-\d{6}-\d{4,})(?:$|[?#])/.exec(text.trim())?.[1]
  return dossier ? `/can-bo/ho-so/${dossier}` : null
}

/** Written the same but for marks, case and spaces? */
export const folded = (text: string): string =>
  text.normalize('NFD').replace(/[\u0300-\u036f]/g, '').replace(/[đĐ]/g, 'd').toLowerCase().replace(/\s+/g, ' ').trim()

/** Where the card and the city's record disagree. A card may be older than the record: the officer decides. */
export function disagreements(card: Card, record: { full_name: string; birth_date?: string; sex?: string }): ('name' | 'birth' | 'sex')[] {
  const found: ('name' | 'birth' | 'sex')[] = []
  if (folded(card.name) !== folded(record.full_name)) found.push('name')
  if (card.birth && record.birth_date && card.birth !== record.birth_date) found.push('birth')
  const sex = { nam: 'male', nu: 'female' }[folded(card.sex)]
  if (sex && record.sex && sex !== record.sex) found.push('sex')
  return found
}
