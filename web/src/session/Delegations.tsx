import { Button, NativeSelect, TextInput } from '@mantine/core'
import { useState, type SyntheticEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { useMe } from '@/api/hooks'
import { Chip, type Meaning } from '@/components/Chips'
import { EmptyState } from '@/components/EmptyState'
import { useFormat } from '@/components/format'
import type { IconName } from '@/components/Icon'
import { Loading } from '@/components/Loading'
import { ProblemView } from '@/components/Problems'
import { usePageTitle } from '@/components/usePage'
import { useDelegationChoices, useDelegations, useEndDelegation, useLend, type Choice, type Delegation } from './delegations'
import '../citizen/citizen.css'

const looks = {
  active: ['good', 'check'], later: ['soon', 'clock'], expired: ['paused', 'clock'], ended: ['paused', 'cross'],
} as const satisfies Record<Delegation['state'], readonly [Meaning, IconName]>

function One({ of }: { of: Delegation }) {
  const { t } = useTranslation()
  const format = useFormat()
  const end = useEndDelegation()
  const [meaning, icon] = looks[of.state]
  const last = format.day(new Date(Date.parse(of.until) - 1).toISOString())
  return (
    <li className="card">
      <p className="card-title">{t('delegate.who', { agent: of.agent.name, lender: of.lender.name })}</p>
      <p className="card-text">
        {[of.role.title, of.unit?.name, t('delegate.term', { from: format.day(of.from), until: last }), of.reason].filter(Boolean).join(' · ')}
      </p>
      <p className="chips"><Chip meaning={meaning} icon={icon}>{t(`delegate.state_${of.state}`)}</Chip></p>
      {end.error ? <ProblemView error={end.error} /> : null}
      {of.may_end ? (
        <div className="row">
          <Button variant="default" loading={end.isPending} onClick={() => { if (window.confirm(t('delegate.end_sure'))) end.mutate(of.id) }}>{t('delegate.end')}</Button>
        </div>
      ) : null}
    </li>
  )
}

function Lend({ choices, self }: { choices: Choice[]; self: string }) {
  const { t } = useTranslation()
  const lend = useLend()
  const [unit, setUnit] = useState(choices[0]?.unit.code ?? '')
  const [lender, setLender] = useState(self)
  const [agent, setAgent] = useState('')
  const [from, setFrom] = useState('')
  const [to, setTo] = useState('')
  const [reason, setReason] = useState('')
  const here = choices.find((one) => one.unit.code === unit)
  const others = (here?.officers ?? []).filter(({ id }) => id !== lender)
  const submit = (event: SyntheticEvent) => {
    event.preventDefault()
    lend.mutate(
      { unit, agent, lender: lender === self ? undefined : lender, from: from || undefined, to, reason: reason.trim() || undefined },
      { onSuccess: () => { setAgent(''); setFrom(''); setTo(''); setReason('') } },
    )
  }
  return (
    <section aria-labelledby="lend-title">
      <h2 id="lend-title">{t('delegate.give')}</h2>
      {lend.error ? <ProblemView error={lend.error} /> : null}
      {lend.isSuccess ? <p role="status">{t('delegate.given', { name: lend.data.items[0]?.agent.name ?? '' })}</p> : null}
      <form onSubmit={submit} className="fields">
        {choices.length > 1 ? (
          <NativeSelect
            id="unit" label={t('delegate.unit')} value={unit} onChange={(event) => { setUnit(event.currentTarget.value); setLender(self); setAgent('') }}
            data={choices.map((one) => ({ value: one.unit.code, label: one.unit.name }))}
          />
        ) : null}
        {here?.head ? (
          <NativeSelect
            id="lender" label={t('delegate.lender')} value={lender} onChange={(event) => { setLender(event.currentTarget.value); setAgent('') }}
            data={here.officers.filter(({ id, roles }) => id === self || roles.length > 0).map(({ id, name }) => ({ value: id, label: id === self ? t('delegate.me') : name }))}
          />
        ) : null}
        <NativeSelect
          id="agent" label={t('delegate.agent')} description={t('delegate.agent_hint')} value={agent} onChange={(event) => setAgent(event.currentTarget.value)}
          data={[{ value: '', label: t('delegate.choose') }, ...others.map(({ id, name, roles }) => ({ value: id, label: [name, roles.map(({ title }) => title).join(', ')].filter(Boolean).join(' · ') }))]}
        />
        <TextInput id="from" type="date" label={t('delegate.from')} description={t('delegate.from_hint')} value={from} onChange={(event) => setFrom(event.currentTarget.value)} />
        <TextInput id="to" type="date" label={t('delegate.to')} value={to} onChange={(event) => setTo(event.currentTarget.value)} />
        <TextInput id="reason" label={t('delegate.reason')} value={reason} onChange={(event) => setReason(event.currentTarget.value)} />
        <div><Button type="submit" loading={lend.isPending} disabled={!agent || !to}>{t('delegate.submit')}</Button></div>
      </form>
    </section>
  )
}

/** Who stands in for whom while somebody is away: lent, taken over, ended. */
export default function Delegations() {
  const { t } = useTranslation()
  const { data: me } = useMe()
  const { data, error, isPending, refetch } = useDelegations()
  const choices = useDelegationChoices()
  usePageTitle(t('delegate.title'))
  const items = data?.items ?? []
  const list = (side: Delegation['side'], title: string, empty: string | null) => {
    const of = items.filter((one) => one.side === side)
    return of.length === 0 && empty === null ? null : (
      <>
        <h2>{title}</h2>
        {of.length === 0 ? <EmptyState title={empty ?? ''} /> : <ul className="cards">{of.map((one) => <One key={one.id} of={one} />)}</ul>}
      </>
    )
  }
  return (
    <div className="page page-narrow">
      <h1>{t('delegate.title')}</h1>
      <p>{t('delegate.intro')}</p>
      {isPending ? <Loading /> : null}
      {error ? <ProblemView error={error} onRetry={() => void refetch()} /> : null}
      {choices.error ? <ProblemView error={choices.error} onRetry={() => void choices.refetch()} /> : null}
      {data ? (
        <>
          {list('taken', t('delegate.taken'), null)}
          {list('given', t('delegate.by_me'), t('delegate.by_me_none'))}
          {list('unit', t('delegate.of_unit'), null)}
        </>
      ) : null}
      {me && choices.data && choices.data.items.length > 0 ? <Lend choices={choices.data.items} self={me.party.id} /> : null}
    </div>
  )
}
