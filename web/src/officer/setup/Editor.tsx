import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useParams } from 'react-router'
import { call } from '@/api/http'
import type { JsonObject } from '@/api/types'
import { useFormat } from '@/components/format'
import { Icon } from '@/components/Icon'
import { Loading } from '@/components/Loading'
import { ProblemView } from '@/components/Problems'
import { SchemaForm } from '@/components/schema'
import { FormSummary } from '@/components/schema/FormSummary'
import { isObject } from '@/components/schema/pointer'
import { usePageTitle } from '@/components/usePage'
import { currentLanguage } from '@/i18n/language'
import { localised } from '../api'
import { pathOf, useChecked, useDefinitionText, type DefinitionText, type DiffLine, type Fault } from './api'

/** The form as a citizen fills it in and as an officer reads it, through the very renderer of both. */
function Preview({ body }: { body: JsonObject }) {
  const { t } = useTranslation('officer')
  const [data, setData] = useState<JsonObject>({})
  const shown = localised(body, currentLanguage()) as JsonObject
  if (!isObject(shown.form)) return <p className="hint">{t('setup.no_form')}</p>
  return (
    <div className="setup-preview">
      <section className="panel"><h2>{t('setup.citizen')}</h2><SchemaForm schema={shown.form} ui={isObject(shown.ui) ? shown.ui : {}} data={data} onChange={setData} /></section>
      <section className="panel"><h2>{t('setup.officer')}</h2><FormSummary schema={shown.form} data={data} /></section>
    </div>
  )
}

function Diff({ kind, name }: { kind: string; name: string }) {
  const { t } = useTranslation('officer')
  const found = useQuery({
    queryKey: ['definitions', 'diff', kind, name],
    queryFn: ({ signal }) => call<{ lines: DiffLine[] }>(`${pathOf(kind, name)}/diff`, { signal }), gcTime: 0,
  })
  if (!found.data) return found.error ? <ProblemView error={found.error} /> : <Loading lines={4} />
  const { lines } = found.data
  const near = lines.map((_, i) => lines.slice(Math.max(0, i - 3), i + 4).some(({ mark }) => mark !== '='))
  if (!near.includes(true)) return <p className="hint">{t('setup.same')}</p>
  return (
    // It scrolls, so it must be within reach of the keyboard.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <pre className="setup-diff" tabIndex={0} role="region" aria-label={t('setup.compare')}>
      {lines.map(({ mark, text }, i) =>
        near[i] ? <span key={i} className={mark === '=' ? undefined : mark === '+' ? 'diff-in' : 'diff-out'}>{`${mark === '=' ? ' ' : mark} ${text}\n`}</span> : null)}
    </pre>
  )
}

function Faults({ faults, onGo }: { faults: Fault[]; onGo: (line: number) => void }) {
  const { t } = useTranslation('officer')
  if (faults.length === 0) return <p role="status"><Icon name="check" size={16} /> {t('setup.sound')}</p>
  return (
    <div role="status">
      <p className="field-error"><Icon name="warning" size={16} /> {t('setup.faults', { count: faults.length })}</p>
      <ul className="setup-faults">
        {faults.map(({ line, rule, what }, i) => (
          <li key={i}><button type="button" className="link" onClick={() => onGo(line)}>{t('setup.line', { line })}</button> <span lang="en">{what}</span> <code>{rule}</code></li>
        ))}
      </ul>
    </div>
  )
}

type Pane = 'check' | 'compare' | 'preview'

function Work({ of }: { of: DefinitionText }) {
  const { t } = useTranslation('officer')
  const format = useFormat()
  const client = useQueryClient()
  const { kind, key: name, draft } = of
  const saved = draft?.text ?? of.text ?? ''
  const [text, setText] = useState(saved)
  const [asked, setAsked] = useState(saved)
  const [timer, setTimer] = useState<ReturnType<typeof setTimeout>>()
  const [pane, setPane] = useState<Pane>('check')
  const [from, setFrom] = useState('')
  const [sure, setSure] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)
  const [said, setSaid] = useState('')
  const area = useRef<HTMLTextAreaElement>(null)
  const checked = useChecked(kind, name, asked)
  const path = pathOf(kind, name)

  const type = (next: string) => {
    setText(next)
    setSaid('')
    setSure(false)
    clearTimeout(timer)
    setTimer(setTimeout(() => setAsked(next), 500))
  }
  const go = (line: number) => {
    const box = area.current
    if (!box) return
    const rows = text.split('\n')
    const start = rows.slice(0, line - 1).join('\n').length + (line > 1 ? 1 : 0)
    box.focus()
    box.setSelectionRange(start, start + (rows[line - 1]?.length ?? 0))
    box.scrollTop = (line - 4) * Number.parseFloat(getComputedStyle(box).lineHeight)
  }
  const run = async (what: () => Promise<unknown>, words: string) => {
    setBusy(true)
    setError(null)
    try {
      await what()
      await client.invalidateQueries({ queryKey: ['definitions'] })
      setSaid(words)
    } catch (cause) {
      setError(cause)
    }
    setBusy(false)
    setSure(false)
  }
  const save = () => call(`${path}/draft`, { method: 'PUT', body: { text }, ifMatch: draft?.version })
  const publish = () => run(async () => {
    if (text !== saved || !draft) await save()
    await call(`${path}/publish`, { method: 'POST', body: from ? { from } : {} })
  }, from ? t('setup.will', { day: format.day(`${from}T05:00:00Z`) }) : t('setup.published'))
  const drop = () => run(async () => {
    await call(`${path}/draft`, { method: 'DELETE' })
    setText(of.text ?? '')
    setAsked(of.text ?? '')
  }, t('setup.dropped'))

  return (
    <>
      <p className="hint">
        {t('setup.in_force', { version: of.version })}
        {draft ? ` ${draft.publish_at ? t('setup.waits', { at: format.instant(draft.publish_at) }) : t('setup.saved', { at: format.instant(draft.saved_at) })}.` : ''}
      </p>
      <div className="setup">
        <div>
          <label className="setup-label" htmlFor="setup-text">{t('setup.text')}</label>
          <textarea id="setup-text" ref={area} className="setup-text" value={text} spellCheck={false} wrap="off" onChange={(event) => type(event.target.value)} />
          <div className="filters">
            <button type="button" className="small-button" disabled={busy || text === saved} onClick={() => void run(save, t('setup.kept'))}>{t('setup.save')}</button>
            <label className="filter-select">{t('setup.from')} <input type="date" value={from} onChange={(event) => setFrom(event.target.value)} /></label>
            {sure ? (
              <button type="button" className="small-button" disabled={busy} onClick={() => void publish()}>{t(from ? 'setup.sure_later' : 'setup.sure')}</button>
            ) : (
              <button type="button" className="small-button" disabled={busy || (checked.data?.problems.length ?? 1) > 0 || (text === saved && !draft)} onClick={() => setSure(true)}>{t('setup.publish')}</button>
            )}
            {sure ? <button type="button" className="link" onClick={() => setSure(false)}>{t('setup.not_yet')}</button> : null}
            {draft && !sure ? <button type="button" className="link" disabled={busy} onClick={() => { if (window.confirm(t('setup.drop_sure'))) void drop() }}>{t('setup.drop')}</button> : null}
          </div>
          <p role="status">{said ? <><Icon name="check" size={16} /> {said}</> : null}</p>
          {error ? <ProblemView error={error} /> : null}
        </div>
        <div>
          <fieldset className="switch">
            <legend className="visually-hidden">{t('setup.beside')}</legend>
            {(['check', 'compare', 'preview'] as const).map((one) => (
              <label key={one}><input type="radio" name="pane" checked={pane === one} onChange={() => setPane(one)} /><span>{t(`setup.${one}`)}</span></label>
            ))}
          </fieldset>
          {pane === 'check' ? (checked.data ? <Faults faults={checked.data.problems} onGo={go} /> : checked.error ? <ProblemView error={checked.error} /> : <Loading lines={3} />) : null}
          {pane === 'compare' ? (draft ? <Diff kind={kind} name={name} /> : <p className="hint">{t('setup.no_draft')}</p>) : null}
          {pane === 'preview' ? (checked.data?.body ? <Preview body={checked.data.body} /> : <p className="hint">{t('setup.no_form')}</p>) : null}
        </div>
      </div>
    </>
  )
}

/** One definition: its text, what is wrong with it as it is typed, what changes, how its form looks. */
export default function Editor() {
  const { t } = useTranslation('officer')
  const { kind = '', key = '' } = useParams()
  const found = useDefinitionText(kind, key)
  usePageTitle(`${key} · ${t('setup.title')}`)
  return (
    <div className="desk">
      <p><Link to={`/can-bo/cau-hinh?loai=${encodeURIComponent(kind)}`}>{t('setup.title')}</Link></p>
      <h1>{t(`setup.kind.${kind}`, { defaultValue: kind })}: <span className="code">{key}</span></h1>
      {found.error ? <ProblemView error={found.error} onRetry={() => void found.refetch()} /> : null}
      {found.isPending ? <Loading lines={8} /> : null}
      {found.data ? <Work key={`${found.data.version}`} of={found.data} /> : null}
    </div>
  )
}
