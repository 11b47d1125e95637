/** The language of this browser's person: kept here, so that the api client needs no more than this file. */
export const languages = ['vi', 'en'] as const
export type Language = (typeof languages)[number]

const NAME = 'motcua.language'
let current: Language = read()

function read(): Language {
  try {
    return localStorage.getItem(NAME) === 'en' ? 'en' : 'vi'
  } catch {
    return 'vi'
  }
}

export const currentLanguage = (): Language => current

export function keepLanguage(language: Language): void {
  current = language
  document.documentElement.lang = language
  try {
    localStorage.setItem(NAME, language)
  } catch {
    /* a browser that keeps nothing still works for this visit */
  }
}
