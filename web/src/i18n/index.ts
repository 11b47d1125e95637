import i18next from 'i18next'
import { initReactI18next } from 'react-i18next'
import { queryClient } from '@/api/hooks'
import { currentLanguage, keepLanguage, type Language } from './language'
import type officer from './officer.vi'
import type setup from './setup.vi'
import type vi from './vi'

/** English must say everything that Vietnamese says: en.ts and officer.en.ts are typed by this. */
export type Translated<T> = { [K in keyof T]: T[K] extends string ? string : Translated<T[K]> } & {
  // English counts; Vietnamese does not.
  [K in keyof T & string as `${K}_one`]?: string
}

declare module 'i18next' {
  interface CustomTypeOptions {
    defaultNS: 'translation'
    resources: { translation: typeof vi; officer: typeof officer; setup: typeof setup }
  }
}

/** Only the language that is read, and only the texts of the role that reads, are loaded. */
const catalogues = {
  translation: { vi: () => import('./vi'), en: () => import('./en') },
  officer: { vi: () => import('./officer.vi'), en: () => import('./officer.en') },
  setup: { vi: () => import('./setup.vi'), en: () => import('./setup.en') },
}
type Namespace = keyof typeof catalogues
const wanted = new Set<Namespace>(['translation'])

async function load(language: Language): Promise<void> {
  for (const namespace of wanted) {
    if (i18next.hasResourceBundle(language, namespace)) continue
    i18next.addResourceBundle(language, namespace, (await catalogues[namespace][language]()).default)
  }
}

/** Called by a lazy part of the client before it shows: `await want('officer')`. */
export async function want(namespace: Namespace): Promise<void> {
  wanted.add(namespace)
  await load(currentLanguage())
}

export async function startLanguage(): Promise<void> {
  const language = currentLanguage()
  keepLanguage(language)
  await i18next.use(initReactI18next).init({
    lng: language,
    fallbackLng: false,
    resources: {},
    interpolation: { escapeValue: false },
    react: { useSuspense: false, bindI18nStore: 'added' },
  })
  await load(language)
}

export async function changeLanguage(language: Language): Promise<void> {
  keepLanguage(language)
  await load(language)
  await i18next.changeLanguage(language)
  // Titles come from the server in the asked language.
  await queryClient.invalidateQueries()
}
