import { useMutation } from '@tanstack/react-query'
import { useEffect, useRef, useState, type SyntheticEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'
import { CodeScanner } from '@/components/CodeScanner'
import { useFormat } from '@/components/format'
import { Loading } from '@/components/Loading'
import { ProblemView } from '@/components/Problems'
import { hasCamera } from '@/components/useCamera'
import { findPeople, type Person } from '../api'
import { placeOf, readCard, type Card } from './card'

/** One field for all three: a scanned card, a number, a name. */
export function FindResident({ onFound }: { onFound: (person: Person, card: Card | null) => void }) {
  const { t } = useTranslation('officer')
  const format = useFormat()
  const [typed, setTyped] = useState('')
  const [scanning, setScanning] = useState(false)
  const go = useNavigate()
  const input = useRef<HTMLInputElement>(null)
  const first = useRef<HTMLButtonElement>(null)
  useEffect(() => input.current?.focus(), [])
  const find = useMutation({
    mutationFn: async (text: string) => {
      const card = readCard(text)
      return { card, people: await findPeople(card?.number ?? text.replace(/^(\d{3})\s?(\d{3})\s?(\d{3})\s?(\d{3})$/, '$1$2$3$4')) }
    },
    onSuccess: ({ card, people }) => {
      const only = people[0]
      if (only && people.length === 1) onFound(only, card)
    },
  })
  const found = find.data
  useEffect(() => {
    if (!found) return
    if (found.people.length > 0) first.current?.focus()
    else input.current?.select()
  }, [found])
  const submit = (event: SyntheticEvent) => {
    event.preventDefault()
    if (typed.trim()) find.mutate(typed.trim())
  }
  /** A card finds its holder; the code of a dossier or of a paper opens it. */
  const scanned = (text: string) => {
    setScanning(false)
    const place = placeOf(text)
    if (place?.startsWith('/verify/')) return window.location.assign(place)
    if (place) return void go(place)
    setTyped(text)
    find.mutate(text.trim())
  }
  const people = find.data?.people ?? []
  return (
    <>
      <form onSubmit={submit} className="inline-search" role="search">
        <label htmlFor="person">{t('intake.person_label')}</label>
        <div>
          <input
            id="person" ref={input} value={typed} autoComplete="off" spellCheck={false} aria-describedby="person-hint"
            onChange={(event) => setTyped(event.target.value)}
          />
          <button type="submit" className="small-button">{t('intake.person_find')}</button>
          {hasCamera() ? <button type="button" className="small-button" onClick={() => setScanning(true)}>{t('intake.person_scan')}</button> : null}
        </div>
        <p id="person-hint" className="hint">{t('intake.person_hint')}</p>
      </form>
      <CodeScanner opened={scanning} onClose={() => setScanning(false)} onCode={scanned} />
      {find.isPending ? <Loading lines={2} /> : null}
      {find.error ? <ProblemView error={find.error} /> : null}
      <div role="status">
        {find.data && people.length === 0 ? <p><strong>{t('intake.person_none')}</strong> {t('intake.person_none_hint')}</p> : null}
      </div>
      {people.length > 1 ? (
        <ul className="people" aria-label={t('intake.person_choose')}>
          {people.map((person, i) => (
            <li key={person.number}>
              <button type="button" ref={i === 0 ? first : undefined} onClick={() => onFound(person, null)}>
                <strong>{person.full_name}</strong> <span className="code">{person.number}</span>
                <span className="hint">{[format.shortDay(person.birth_date), person.address].filter(Boolean).join(' · ')}</span>
              </button>
            </li>
          ))}
        </ul>
      ) : null}
    </>
  )
}
