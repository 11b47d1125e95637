import { useCallback } from 'react'
import { useTranslation } from 'react-i18next'
import { grouped } from '@/components/format'
import { isObject } from '@/components/schema/pointer'
import { at, useEditing, useValue } from './editing'
import { Box, Field, Part, Rows, Tick, Ticks, Title, type Option } from './fields'
import { FormFields, numbersOf } from './FormFields'
import { useChoices, useOffers, useRegistries } from './known'
import { put, type Path } from './text'
import { wordsOf } from './words'

const limits = ['same-day', 'working-hour', 'working-day', 'day', 'month'] as const
const channels = ['online', 'counter', 'post'] as const

/** "5 working-day", "same-day": a number and what it counts. */
function Limit() {
  const { t } = useTranslation('setup')
  const [value, set] = useValue(['limit'])
  const [, count = '', unit = ''] = /^(?:(\S+) )?(\S+)$/.exec(typeof value === 'string' ? value : '') ?? []
  const take = (next: string, of: string) => set(of === '' ? undefined : of === 'same-day' ? of : `${next || '1'} ${of}`)
  return (
    <div className="set-pair">
      {unit === 'same-day' ? null : <Box path={['limit']} label={t('limit')} value={count} type="number" short onTake={(given) => take(given, unit || 'working-day')} />}
      <Box path={['limit', 'unit']} label={t('limit_unit')} value={unit} none={t('no_limit')} options={limits.map((one) => ({ value: one, label: t(`unit.${one}`) }))} onTake={(given) => take(count, given)} />
    </div>
  )
}

/** The amount that is charged: fixed, or so much for each of what the applicant asks for; another rule stays an expression. */
function Fee() {
  const { t } = useTranslation('setup')
  const { body, change } = useEditing()
  const [value, set] = useValue(['fee'])
  const [, plain, per = ''] = /^(.*?)(?: \* form\.([a-z_]+))?$/.exec(typeof value === 'number' || typeof value === 'string' ? String(value) : '') ?? []
  const amount = plain ?? ''
  if (/[a-z(+/]/i.test(amount)) return <Field path={['fee']} label={t('fee_rule')} hint={t('fee_rule_hint')} />
  const manners = Array.isArray(body.manners) ? (body.manners as unknown[]) : []
  const said = manners.flatMap((_, i) => {
    const fees = at(body, ['manners', i, 'fees'])
    return Array.isArray(fees) && fees.length === 1 && isObject(fees[0]) ? [{ i, amount: fees[0].amount, text: fees[0].text }] : []
  })
  const others = said.filter((one) => typeof one.amount === 'number' && String(one.amount) !== (amount || '0'))
  const follow = () => change((doc) => {
    for (const { i, amount: old, text } of others) {
      put(doc, ['manners', i, 'fees', 0, 'amount'], Number(amount || 0))
      for (const [language, joint] of [['vi', '.'], ['en', ',']] as const) {
        const words = isObject(text) ? text[language] : undefined
        const spell = (n: number) => grouped(n).replaceAll('.', joint)
        if (typeof words === 'string' && typeof old === 'number' && old > 0) put(doc, ['manners', i, 'fees', 0, 'text', language], words.replaceAll(spell(old), spell(Number(amount || 0))))
      }
    }
  })
  const take = (next: string, of: string) => set(next === '' ? undefined : of ? `${next} * form.${of}` : next)
  return (
    <>
      <div className="set-pair">
        <Box path={['fee']} label={t('fee')} type="number" value={amount} onTake={(given) => take(given, per)} />
        <Box path={['fee', 'per']} label={t('fee_per')} value={per} none={t('fee_once')} options={numbersOf(body)} onTake={(given) => take(amount, given)} />
      </div>
      {others.length > 0 && /^\d*$/.test(amount) ? (
        <p className="set-note">{t('fee_differs', { count: others.length })} <button type="button" className="small-button" onClick={follow}>{t('fee_follow')}</button></p>
      ) : null}
    </>
  )
}

function Manner({ path }: { path: Path }) {
  const { t } = useTranslation('setup')
  return (
    <>
      <Field path={[...path, 'channel']} label={t('channel')} options={channels.map((one) => ({ value: one, label: t(`channels.${one}`) }))} />
      <Title path={[...path, 'case']} label={t('case')} />
      <div className="set-pair">
        <Field path={[...path, 'limit', 'value']} label={t('limit')} type="number" short />
        <Field path={[...path, 'limit', 'unit']} label={t('limit_unit')} options={limits.map((one) => ({ value: one, label: t(`unit.${one}`) }))} />
      </div>
      <Rows path={[...path, 'fees']} label={t('fees')} open add={t('add_fee')} fresh={() => ({ amount: 0, text: { vi: 'Miễn phí', en: 'Free' } })} name={(one, i) => (isObject(one) && wordsOf(one.text)) || t('nth', { n: i + 1 })}>
        {(fee) => (
          <>
            <Field path={[...fee, 'amount']} label={t('amount')} type="number" short />
            <Title path={[...fee, 'text']} label={t('fee_text')} />
          </>
        )}
      </Rows>
    </>
  )
}

function Papers() {
  const { t } = useTranslation('setup')
  const kinds = useChoices('paper')
  const registries = useRegistries()
  const from: Option[] = [
    ...registries.map(({ name, title }) => ({ value: `registry:${name}`, label: t('from_registry', { title }) })),
    ...kinds.map(({ value, label }) => ({ value: `paper:${value}`, label: t('from_vault', { title: label }) })),
  ]
  return (
    <Rows path={['papers']} label={t('papers')} add={t('add_paper')} fresh={() => ({ kind: kinds[0]?.value ?? '', title: { vi: t('new_paper') }, required: true, originals: 1, copies: 0, to: 'submit' })} name={(one, i) => (isObject(one) && wordsOf(one.title)) || t('nth', { n: i + 1 })}>
      {(path) => <Paper path={path} kinds={kinds} from={from} />}
    </Rows>
  )
}

function Paper({ path, kinds, from }: { path: Path; kinds: readonly Option[]; from: readonly Option[] }) {
  const { t } = useTranslation('setup')
  const [required] = useValue([...path, 'required'])
  return (
    <>
      <Title path={[...path, 'title']} label={t('paper_title')} />
      <Field path={[...path, 'kind']} label={t('paper_kind')} options={kinds} />
      {typeof required === 'string' ? <Field path={[...path, 'required']} label={t('required_when')} hint={t('expression_hint')} /> : <Tick path={[...path, 'required']} label={t('paper_required')} />}
      <Title path={[...path, 'case']} label={t('case')} />
      <div className="set-pair">
        <Field path={[...path, 'originals']} label={t('originals')} type="number" short />
        <Field path={[...path, 'copies']} label={t('copies')} type="number" short />
        <Field path={[...path, 'to']} label={t('paper_to')} options={['submit', 'present'].map((one) => ({ value: one, label: t(`paper_to_${one as 'submit' | 'present'}`) }))} />
      </div>
      <Satisfied path={[...path, 'satisfied_by']} from={from} />
    </>
  )
}

/** Chosen one by one: there are too many papers to tick among. */
function Satisfied({ path, from }: { path: Path; from: readonly Option[] }) {
  const { t } = useTranslation('setup')
  const { change } = useEditing()
  const [value] = useValue(path)
  const chosen = Array.isArray(value) ? value.map(String) : []
  const some = from.filter((one) => chosen.includes(one.value))
  return (
    <>
      {chosen.length > 0 ? <Ticks path={path} label={t('satisfied_by')} hint={t('satisfied_hint')} options={some} /> : null}
      <Box path={[...path, 'more']} label={chosen.length > 0 ? t('satisfied_more') : t('satisfied_by')} value="" none={t('choose')} options={from.filter((one) => !chosen.includes(one.value))} onTake={(one) => { if (one) change((doc) => put(doc, path, [...chosen, one])) }} />
    </>
  )
}

/** A service as an administrator of a ward would change it: what it is, time and fee, papers, the questions. */
export function ServiceForm() {
  const { t } = useTranslation('setup')
  const flows = useChoices('flow')
  const papers = useChoices('paper')
  const offers = useOffers(useCallback((name: string, count: number) => t('and_others', { name, count }), [t]))
  return (
    <>
      <Part title={t('part_service')}>
        <Title path={['name']} label={t('service_name')} />
        <Title path={['field']} label={t('service_field')} />
        <Title path={['summary']} label={t('summary')} rows={2} />
        <Field path={['level']} label={t('level')} options={['full', 'partial', 'information'].map((one) => ({ value: one, label: t(`levels.${one as 'full'}`) }))} />
        <Ticks path={['who']} label={t('who')} options={['citizen', 'organisation'].map((one) => ({ value: one, label: t(`whos.${one as 'citizen'}`) }))} />
        <Ticks path={['units']} label={t('units')} options={offers} />
        <Field path={['flow']} label={t('flow')} options={flows} />
        <div className="set-pair">
          <Field path={['in_force', 'from']} label={t('in_force_from')} type="date" />
          <Field path={['in_force', 'to']} label={t('in_force_to')} type="date" />
        </div>
      </Part>
      <Part title={t('part_time')} hint={t('fee_hint')}>
        <Limit />
        <Fee />
        <h3>{t('manners')}</h3>
        <Rows path={['manners']} label={t('manners')} add={t('add_manner')} fresh={() => ({ channel: 'online', limit: { value: 1, unit: 'working-day' }, fees: [] })} name={(one) => (isObject(one) ? [t(`channels.${String(one.channel) as 'online'}`, { defaultValue: '' }), wordsOf(one.case)].filter(Boolean).join(' · ') : '')}>
          {(path) => <Manner path={path} />}
        </Rows>
      </Part>
      <Part title={t('papers')} hint={t('papers_hint')}><Papers /></Part>
      <Part title={t('part_form')} hint={t('part_form_hint')}><FormFields /></Part>
      <Part title={t('part_result')}>
        <Field path={['result', 'paper']} label={t('result_paper')} options={papers} none={t('no_result')} />
        <Title path={['result', 'title']} label={t('result_title')} />
      </Part>
    </>
  )
}
