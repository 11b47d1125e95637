import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useCallNext, useQueue, useTakeNumber } from '@/api/hooks'
import { Problem } from '@/api/http'
import { ProblemView } from '@/components/Problems'
import { useKeys } from '../keys'

const NAME = 'motcua.desk'
const readDesk = (): string => {
  try {
    return localStorage.getItem(NAME) ?? '1'
  } catch {
    return '1'
  }
}

/** The line before this counter: call the next, and begin with whoever comes when they are known. */
export function Line({ unit, serving, onPerson }: { unit: string; serving: boolean; onPerson: (number: string) => void }) {
  const { t } = useTranslation('officer')
  const { data } = useQueue(unit)
  const [desk, setDesk] = useState(readDesk)
  const next = useCallNext(unit)
  const give = useTakeNumber(unit)
  const keep = (text: string) => {
    setDesk(text)
    try {
      localStorage.setItem(NAME, text)
    } catch {
      /* kept for this visit only */
    }
  }
  const ready = desk.trim() !== '' && !next.isPending
  const call = () => next.mutate(desk.trim(), { onSuccess: ({ person }) => { if (person?.number) onPerson(person.number) } })
  useKeys({ g: ready ? call : undefined })
  const nobody = next.error instanceof Problem && next.error.status === 404
  return (
    <section className="queue-line no-print" aria-label={t('line.label')}>
      <p>{t('line.waiting', { count: data?.waiting ?? 0 })}</p>
      <label>
        {t('line.desk')}
        <input value={desk} maxLength={20} onChange={(event) => keep(event.target.value)} />
      </label>
      <button type="button" className={serving ? 'small-button' : 'small-button act-run'} disabled={!ready} onClick={call}>{t('line.next')} <kbd>g</kbd></button>
      <button type="button" className="small-button" disabled={give.isPending} onClick={() => give.mutate()}>{t('line.give')}</button>
      <a href={`/xep-hang/${encodeURIComponent(unit)}`} target="_blank" rel="noreferrer">{t('line.screen')}</a>
      <p role="status">
        {nobody ? t('line.nobody') : next.data ? <strong>{[t('line.called', { number: next.data.number }), next.data.person?.name].filter(Boolean).join(': ')}</strong> : null}
        {give.data ? ` ${t('line.given', { number: give.data.number })}` : null}
      </p>
      {next.error && !nobody ? <ProblemView error={next.error} /> : null}
      {give.error ? <ProblemView error={give.error} /> : null}
    </section>
  )
}
