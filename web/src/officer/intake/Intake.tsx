import { NativeSelect } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useService, useServiceForm } from '@/api/hooks'
import type { Me } from '@/api/types'
import { useFormat } from '@/components/format'
import { Icon } from '@/components/Icon'
import { Loading } from '@/components/Loading'
import { ProblemView } from '@/components/Problems'
import { usePageTitle } from '@/components/usePage'
import { findPeople, type Person } from '../api'
import { disagreements, type Card } from './card'
import { Filing, type Filed } from './Filing'
import { FindResident } from './FindResident'
import { Line } from './Line'
import { Receipt } from './Receipt'
import { noteService, ServicePicker } from './ServicePicker'

function PersonCard({ person, card, onChange }: { person: Person; card: Card | null; onChange: () => void }) {
  const { t } = useTranslation('officer')
  const format = useFormat()
  const differ = card ? disagreements(card, person) : []
  const sexes = (value: string | undefined) => (value === 'male' ? t('intake.male') : value === 'female' ? t('intake.female') : (value ?? ''))
  const pairs = {
    name: [t('intake.field_name'), card?.name, person.full_name], birth: [t('intake.field_birth'), format.shortDay(card?.birth), format.shortDay(person.birth_date)],
    sex: [t('intake.field_sex'), card?.sex, sexes(person.sex)],
  } as const
  return (
    <>
      <div className="person">
        <strong>{person.full_name}</strong>
        <span className="code">{person.number}</span>
        <span>{[format.shortDay(person.birth_date), sexes(person.sex), person.address].filter(Boolean).join(' · ')}</span>
        <button type="button" className="link" onClick={onChange}>{t('intake.person_change')}</button>
      </div>
      {person.status === 'deceased' ? <p className="warn" role="alert"><Icon name="warning" /> {t('intake.person_gone')}</p> : null}
      {differ.length > 0 ? (
        <div className="warn" role="alert">
          <p><Icon name="warning" /> <strong>{t('intake.mismatch')}</strong></p>
          <ul>
            {differ.map((which) => {
              const [field, said, kept] = pairs[which]
              return <li key={which}>{t('intake.mismatch_line', { field, card: said ?? '', record: kept })}</li>
            })}
          </ul>
        </div>
      ) : null}
    </>
  )
}

function Work({ person, unit, code, onChange, onFiled }: { person: Person; unit: string; code: string; onChange: () => void; onFiled: (filed: Filed) => void }) {
  const { t } = useTranslation('officer')
  const service = useService(code)
  const form = useServiceForm(code, unit, person.number)
  const error = service.error ?? form.error
  return (
    <>
      <div className="person">
        <strong>{service.data?.name}</strong>
        <span className="code">{code}</span>
        <button type="button" className="link" onClick={onChange}>{t('intake.service_change')}</button>
      </div>
      {error ? <ProblemView error={error} onRetry={() => { void service.refetch(); void form.refetch() }} /> : null}
      {!error && !(service.data && form.data) ? <Loading lines={5} /> : null}
      {service.data && form.data ? <Filing number={person.number} unit={unit} service={service.data} form={form.data} onFiled={onFiled} /> : null}
    </>
  )
}

/** From a card to a printed appointment without leaving the keyboard. */
export default function Intake({ me }: { me: Me }) {
  const { t } = useTranslation('officer')
  usePageTitle(t('intake.title'))
  const desks = me.roles.flatMap(({ role, unit }) => (role === 'one-stop' && unit ? [unit] : []))
  const [unit, setUnit] = useState(desks[0]?.code ?? '')
  const [who, setWho] = useState<{ person: Person; card: Card | null } | null>(null)
  const [service, setService] = useState<string | null>(null)
  const [filed, setFiled] = useState<Filed | null>(null)
  /** Each dossier starts from a fresh form, even for the same person and service. */
  const [round, setRound] = useState(0)
  const start = (same: boolean) => {
    setFiled(null)
    setService(null)
    setRound(round + 1)
    if (!same) setWho(null)
  }
  /** Who was called begins anew with what the city knows of them; else they are looked for as ever. */
  const bring = (number: string) => {
    start(false)
    findPeople(number).then(([person]) => { if (person) setWho({ person, card: null }) }, () => undefined)
  }
  if (desks.length === 0) return <div className="desk"><h1>{t('intake.title')}</h1><p>{t('intake.not_here')}</p></div>
  return (
    <div className="desk intake">
      <div className="inbox-head no-print">
        <h1>{t('intake.title')}</h1>
        {desks.length > 1 ? (
          <NativeSelect aria-label={t('intake.unit')} value={unit} onChange={(event) => setUnit(event.currentTarget.value)} data={desks.map(({ code, name }) => ({ value: code, label: name }))} />
        ) : <p className="hint">{desks[0]?.name}</p>}
      </div>
      <Line unit={unit} serving={who !== null && filed === null} onPerson={bring} />
      {filed ? (
        <Receipt filed={filed} me={me} onSame={() => start(true)} onOther={() => start(false)} onPaid={(fresh) => setFiled({ ...filed, case: { ...fresh, track_pin: filed.case.track_pin } })} />
      ) : (
        <>
          <section aria-labelledby="intake-person" className="intake-part">
            <h2 id="intake-person">{t('intake.person')}</h2>
            {who ? <PersonCard person={who.person} card={who.card} onChange={() => start(false)} /> : <FindResident onFound={(person, card) => setWho({ person, card })} />}
          </section>
          {who ? (
            <section aria-labelledby="intake-service" className="intake-part">
              <h2 id="intake-service">{t('intake.service')}</h2>
              {service ? (
                <Work
                  key={`${round} ${service} ${who.person.number}`} person={who.person} unit={unit} code={service} onChange={() => setService(null)}
                  onFiled={(done) => { noteService(service); setFiled(done) }}
                />
              ) : <ServicePicker unit={unit} onPick={({ code }) => setService(code)} />}
            </section>
          ) : null}
        </>
      )}
    </div>
  )
}
