import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { isObject } from '@/components/schema/pointer'
import { at, useEditing, useFaults, useValue } from './editing'
import { Box, Field, FaultLines, Fold, Part, Rank, Tick, Title, type Option } from './fields'
import { wordsOf } from './words'
import { nameFor, put, type Path } from './text'

const roles = ['one-stop', 'specialist', 'unit-head', 'signatory', 'clerk', 'cashier', 'archivist', 'applicant'] as const
const standard = [
  'receive', 'refuse', 'request-supplement', 'supplement', 'hand-over', 'assign', 'consult', 'answer', 'submit-for-signature', 'approve', 'reject', 'return-to-step',
  'apologise', 'stop', 'withdraw', 'pay', 'set-fee', 'request-payment', 'reopen', 'deliver', 'archive',
] as const
type Standard = (typeof standard)[number]
const isStandard = (name: string): name is Standard => (standard as readonly string[]).includes(name)

function useSteps(): Option[] {
  const { body } = useEditing()
  return isObject(body.steps) ? Object.entries(body.steps).map(([value, step]) => ({ value, label: (isObject(step) && wordsOf(step.title)) || value })) : []
}

/** Where it leads. A bare target and one with more to say are written differently; several, each under its condition, are shown each. */
function Way({ path, steps }: { path: Path; steps: readonly Option[] }) {
  const { t } = useTranslation('setup')
  const { change } = useEditing()
  const [value] = useValue(path)
  if (Array.isArray(value)) return value.map((_, i) => <Way key={i} path={[...path, i]} steps={steps} />)
  const whole = isObject(value)
  const targets = [...steps, { value: 'back', label: t('to_back') }, { value: 'same', label: t('to_same') }]
  return (
    <>
      {whole ? <Field path={[...path, 'to']} label={t('leads_to')} options={targets} /> : <Field path={path} label={t('leads_to')} options={targets} />}
      {whole && value.title !== undefined ? <Title path={[...path, 'title']} label={t('action_title')} /> : null}
      {whole && value.if !== undefined ? <Field path={[...path, 'if']} label={t('only_if')} hint={t('expression_hint')} /> : null}
      {whole && value.title !== undefined ? null : <button type="button" className="link" onClick={() => change((doc) => put(doc, path, { ...(whole ? value : { to: value }), title: { vi: t('new_action'), en: 'New action' } }))}>{t('name_action')}</button>}
    </>
  )
}

function Actions({ path, steps }: { path: Path; steps: readonly Option[] }) {
  const { t } = useTranslation('setup')
  const { change } = useEditing()
  const [value] = useValue(path)
  const actions = isObject(value) ? value : {}
  const names = Object.keys(actions)
  const faults = useFaults(path)
  const title = (name: string): string => {
    const one = Array.isArray(actions[name]) ? (actions[name] as unknown[])[0] : actions[name]
    return (isObject(one) && wordsOf(one.title)) || (isStandard(name) ? t(`act.${name}`) : name)
  }
  const leads = (one: unknown): string => {
    const to = isObject(one) ? one.to : one
    return to === 'back' ? t('to_back') : to === 'same' ? t('to_same') : (steps.find((step) => step.value === to)?.label ?? '')
  }
  const add = (given: string) => change((doc) => {
    const target = steps[0]?.value ?? 'same'
    const name = given === 'own' ? nameFor('viec rieng', names, '-') : given
    put(doc, [...path, name], given === 'own' ? { to: target, title: { vi: t('new_action'), en: 'New action' } } : target)
  })
  return (
    <div className="set-rows" role="group" aria-label={t('actions')}>
      {names.map((name, i) => (
        <Fold key={name} path={[...path, name]} name={title(name)} note={`→ ${(Array.isArray(actions[name]) ? (actions[name] as unknown[]) : [actions[name]]).map(leads).join(', ')}`}>
          <Way path={[...path, name]} steps={steps} />
          <Rank path={[...path, name]} name={title(name)} first={i === 0} last={i === names.length - 1} />
        </Fold>
      ))}
      <FaultLines faults={faults} />
      <Box path={[...path, 'new']} label={t('add_action')} value="" none={t('choose')} onTake={(given) => { if (given) add(given) }}
        options={[...standard.filter((one) => !names.includes(one)).map((one) => ({ value: one, label: t(`act.${one}`) })), { value: 'own', label: t('own_action') }]} />
    </div>
  )
}

function Step({ path, steps }: { path: Path; steps: readonly Option[] }) {
  const { t } = useTranslation('setup')
  const { t: common } = useTranslation()
  const { t: officer } = useTranslation('officer')
  const { change } = useEditing()
  const [status, setStatus] = useValue([...path, 'status'])
  const [ask] = useValue([...path, 'ask'])
  const states = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10] as const
  return (
    <>
      <Title path={[...path, 'title']} label={t('step_title')} />
      <div className="set-pair">
        <Field path={[...path, 'role']} label={t('role')} none={t('nobody')} options={roles.map((one) => ({ value: one, label: officer(`role.${one}`) }))} />
        <Box path={[...path, 'status']} label={t('status')} value={typeof status === 'number' ? String(status) : ''} options={states.map((one) => ({ value: String(one), label: common(`status.s${one}`) }))} onTake={(given) => setStatus(Number(given))} />
      </div>
      <div className="set-pair">
        <Field path={[...path, 'share']} label={t('share')} hint={t('share_hint')} type="number" />
        <Tick path={[...path, 'pause']} label={t('pause')} />
        <Tick path={[...path, 'end']} label={t('end')} />
      </div>
      {ask === undefined ? null : <p className="hint">{t('asks')}</p>}
      <p className="setup-label">{t('actions')}</p>
      <Actions path={[...path, 'actions']} steps={steps} />
      <button type="button" className="link" onClick={() => change((doc) => put(doc, ['start'], path.at(-1)))}>{t('begin_here')}</button>
    </>
  )
}

function NewStep({ taken }: { taken: readonly string[] }) {
  const { t } = useTranslation('setup')
  const { change } = useEditing()
  const [title, setTitle] = useState('')
  const add = () => {
    if (title.trim() === '') return
    change((doc) => put(doc, ['steps', nameFor(title, taken, '-')], { title: { vi: title.trim(), en: title.trim() }, role: 'specialist', status: 4 }))
    setTitle('')
  }
  return (
    <div className="set-new">
      <div className="set-field"><label htmlFor="set-new-step">{t('new_step')}</label><input id="set-new-step" value={title} autoComplete="off" onChange={(event) => setTitle(event.target.value)} /></div>
      <button type="button" className="small-button" onClick={add}>{t('add_step')}</button>
    </div>
  )
}

/** A flow as the list of its steps, in the order of the text; what is wrong with one stands at it. */
export function FlowForm() {
  const { t } = useTranslation('setup')
  const { t: officer } = useTranslation('officer')
  const { body } = useEditing()
  const steps = useSteps()
  const note = (id: string): string => {
    const step = at(body, ['steps', id])
    if (!isObject(step)) return ''
    return [typeof step.role === 'string' ? officer(`role.${step.role as 'citizen'}`, { defaultValue: step.role }) : '', typeof step.share === 'number' ? t('percent', { share: step.share }) : '', step.pause === true ? t('paused_short') : '', body.start === id ? t('first_short') : '', step.end === true ? t('end_short') : ''].filter(Boolean).join(', ')
  }
  return (
    <>
      <Part title={t('part_flow')}><Title path={['title']} label={t('flow_title')} /></Part>
      <Part title={t('part_steps')}>
        <div className="set-rows">
          {steps.map(({ value: id, label }, i) => (
            <Fold key={id} path={['steps', id]} name={label} note={note(id)}>
              <Step path={['steps', id]} steps={steps} />
              <Rank path={['steps', id]} name={label} first={i === 0} last={i === steps.length - 1} />
            </Fold>
          ))}
          <NewStep taken={steps.map(({ value }) => value)} />
        </div>
      </Part>
      <Part title={t('part_always')} hint={t('part_always_hint')}><Actions path={['always']} steps={steps} /></Part>
    </>
  )
}
