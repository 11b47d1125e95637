import { Button, NativeSelect, TextInput } from '@mantine/core'
import { useState, type SyntheticEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { Chip, type Meaning } from '@/components/Chips'
import { EmptyState } from '@/components/EmptyState'
import { useFormat } from '@/components/format'
import type { IconName } from '@/components/Icon'
import { Loading } from '@/components/Loading'
import { ProblemView } from '@/components/Problems'
import { usePageTitle } from '@/components/usePage'
import { useAuthorisationAct, useAuthorisations, useGive, type Authorisation } from '@/session/authorisations'
import './citizen.css'

const looks = {
  offered: ['soon', 'clock'], active: ['good', 'check'], later: ['soon', 'clock'], expired: ['paused', 'clock'], ended: ['paused', 'cross'],
} as const satisfies Record<Authorisation['state'], readonly [Meaning, IconName]>

function One({ of }: { of: Authorisation }) {
  const { t } = useTranslation()
  const format = useFormat()
  const act = useAuthorisationAct()
  const [meaning, icon] = looks[of.state]
  const open = of.state === 'offered' || of.state === 'active' || of.state === 'later'
  const scope = of.service ? t('authorise.scope_service', { code: of.service }) : of.field ? t('authorise.scope_field', { field: of.field }) : t('authorise.scope_all')
  return (
    <li className="card">
      <p className="card-title">{of.mine ? of.principal.name : of.agent.name}</p>
      <p className="card-text">
        {of.legal ? t('authorise.legal') : t(of.mine ? 'authorise.you_act' : 'authorise.they_act', { name: of.principal.name })} · {scope}
        {of.until ? <> · {t('authorise.until', { at: format.day(new Date(Date.parse(of.until) - 1).toISOString()) })}</> : null}
      </p>
      <p className="chips"><Chip meaning={meaning} icon={icon}>{t(`authorise.state_${of.state}`)}</Chip></p>
      {act.error ? <ProblemView error={act.error} /> : null}
      {open && !of.legal ? (
        <div className="row">
          {of.mine && of.state === 'offered' ? <Button loading={act.isPending} onClick={() => act.mutate({ id: of.id, action: 'accept' })}>{t('authorise.accept')}</Button> : null}
          <Button
            variant="default" loading={act.isPending}
            onClick={() => { if (window.confirm(t('authorise.end_sure'))) act.mutate({ id: of.id, action: 'end' }) }}
          >
            {t(of.mine && of.state === 'offered' ? 'authorise.decline' : 'authorise.end')}
          </Button>
        </div>
      ) : null}
    </li>
  )
}

function Give({ represented }: { represented: Authorisation[] }) {
  const { t } = useTranslation()
  const give = useGive()
  const [principal, setPrincipal] = useState('')
  const [agent, setAgent] = useState('')
  const [service, setService] = useState('')
  const [to, setTo] = useState('')
  const submit = (event: SyntheticEvent) => {
    event.preventDefault()
    give.mutate(
      { principal: principal || undefined, agent: agent.trim(), service: service.trim() || undefined, to: to || undefined },
      { onSuccess: () => { setAgent(''); setService(''); setTo('') } },
    )
  }
  return (
    <section aria-labelledby="give-title">
      <h2 id="give-title">{t('authorise.give')}</h2>
      <p>{t('authorise.give_text')}</p>
      {give.error ? <ProblemView error={give.error} /> : null}
      {give.isSuccess ? <p role="status">{t('authorise.given', { name: give.data.agent.name })}</p> : null}
      <form onSubmit={submit} className="fields">
        {represented.length > 0 ? (
          <NativeSelect
            id="principal" label={t('authorise.in_name_of')} value={principal} onChange={(event) => setPrincipal(event.currentTarget.value)}
            data={[{ value: '', label: t('authorise.for_me') }, ...represented.map((one) => ({ value: one.principal.number ?? '', label: one.principal.name }))]}
          />
        ) : null}
        <TextInput id="agent" label={t('authorise.agent')} description={t('authorise.agent_hint')} value={agent} onChange={(event) => setAgent(event.currentTarget.value)} inputMode="numeric" />
        <TextInput id="scope" label={t('authorise.service')} description={t('authorise.service_hint')} value={service} onChange={(event) => setService(event.currentTarget.value)} />
        <TextInput id="until" type="date" label={t('authorise.to')} description={t('authorise.to_hint')} value={to} onChange={(event) => setTo(event.currentTarget.value)} />
        <div><Button type="submit" loading={give.isPending} disabled={agent.trim().length !== 12}>{t('authorise.submit')}</Button></div>
      </form>
    </section>
  )
}

/** Who may act for me, and for whom I may act: given, accepted, ended. */
export default function Authorisations() {
  const { t } = useTranslation()
  const { data, error, isPending, refetch } = useAuthorisations()
  usePageTitle(t('authorise.title'))
  const items = data?.items ?? []
  const list = (of: Authorisation[], empty: string) =>
    of.length === 0 ? <EmptyState title={empty} /> : <ul className="cards">{of.map((one) => <One key={one.id} of={one} />)}</ul>
  return (
    <div className="page page-narrow">
      <h1>{t('authorise.title')}</h1>
      <p>{t('authorise.intro')}</p>
      {isPending ? <Loading /> : null}
      {error ? <ProblemView error={error} onRetry={() => void refetch()} /> : null}
      {data ? (
        <>
          <h2>{t('authorise.taken')}</h2>
          {list(items.filter(({ mine }) => mine), t('authorise.taken_none'))}
          <h2>{t('authorise.by_me')}</h2>
          {list(items.filter(({ mine }) => !mine), t('authorise.by_me_none'))}
          <Give represented={items.filter(({ mine, legal, state }) => mine && legal && state === 'active')} />
        </>
      ) : null}
    </div>
  )
}
