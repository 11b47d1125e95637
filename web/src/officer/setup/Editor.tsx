import { useQuery, useQueryClient } from '@tanstack/react-query'
import { lazy, Suspense, useRef, useState } from 'react'
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
import { hasForm, pathOf, useChecked, useDefinitionText, type DefinitionText, type DiffLine, type Fault } from './api'

// The reader of YAML comes with them, and only with them.
const Forms = lazy(() => import('./forms'))
const Differences = lazy(() => import('./forms/Differences').then(({ Differences: one }) => ({ default: one })))

/** The way a dossier will go. The picture says itself in words. */
function Drawing({ svg }: { svg: string }) {
  const { t } = useTranslation('officer')
  // It scrolls, so it must be within reach of the keyboard.
  // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
  return <div className="flow-picture setup-drawing" tabIndex={0} role="region" aria-label={t('setup.drawing')}><img src={`data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`} alt={t('setup.drawing')} /></div>
}

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

/** Line by line, against the version in force or an older one. */
function Diff({ of: { kind, key, version, draft } }: { of: DefinitionText }) {
  const { t } = useTranslation('officer')
  const [from, setFrom] = useState(version)
  return (
    <>
      {version > 1 ? (
        <label className="filter-select">{t('setup.against')} <select value={from} onChange={(event) => setFrom(Number(event.target.value))}>{Array.from({ length: version }, (_, i) => version - i).map((one) => <option key={one}>{one}</option>)}</select></label>
      ) : null}
      <Lines kind={kind} name={key} from={from} draft={draft?.version ?? 0} />
    </>
  )
}

function Lines({ kind, name, from, draft }: { kind: string; name: string; from: number; draft: number }) {
  const { t } = useTranslation('officer')
  const found = useQuery({
    queryKey: ['definition-diff', kind, name, from, draft], // a draft that was published has none: not asked for again by news
    queryFn: ({ signal }) => call<{ lines: DiffLine[] }>(`${pathOf(kind, name)}/diff`, { query: { from }, signal }), gcTime: 0,
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

function Faults({ faults, onGo, byField }: { faults: readonly Fault[]; onGo: (fault: Fault) => void; byField: boolean }) {
  const { t } = useTranslation('officer')
  const { t: setup, i18n } = useTranslation('setup')
  const known = ({ rule }: Fault) => i18n.exists(`fault.${rule}`, { ns: 'setup' })
  if (faults.length === 0) return <p role="status"><Icon name="check" size={16} /> {t('setup.sound')}</p>
  return (
    <div role="status">
      <p className="field-error"><Icon name="warning" size={16} /> {t('setup.faults', { count: faults.length })}</p>
      <ul className="setup-faults">
        {faults.map((fault, i) => (
          <li key={i}><button type="button" className="link" onClick={() => onGo(fault)}>{byField ? t('setup.see') : t('setup.line', { line: fault.line })}</button> {setup(`fault.${fault.rule}`, { defaultValue: '' })} {byField && known(fault) ? null : <span lang="en" className="hint">{fault.what}</span>}</li>
        ))}
      </ul>
    </div>
  )
}

type Pane = 'check' | 'compare' | 'preview'
type View = 'form' | 'text'

/** The draft as it is being changed, and what can be taken back of it. Letters of one word are taken back as one. */
function useDraftText(saved: string) {
  const [text, setText] = useState(saved)
  const [asked, setAsked] = useState(saved)
  const [past, setPast] = useState<string[]>([])
  const [tag, setTag] = useState<string>()
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  const show = (next: string) => {
    setText(next)
    clearTimeout(timer.current)
    timer.current = setTimeout(() => setAsked(next), 500)
  }
  return {
    text, asked, past,
    change: (next: string, by?: string) => {
      if (by === undefined || by !== tag) setPast([...past.slice(-199), text])
      setTag(by)
      show(next)
    },
    undo: () => {
      const before = past.at(-1)
      if (before === undefined) return
      setPast(past.slice(0, -1))
      setTag(undefined)
      show(before)
    },
  }
}

/** Saving, publishing, dropping: one at a time, each with its word when it is done. */
function useActs(of: DefinitionText, text: string, saved: string, from: string) {
  const { t } = useTranslation('officer')
  const format = useFormat()
  const client = useQueryClient()
  const [error, setError] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)
  const [said, setSaid] = useState('')
  const path = pathOf(of.kind, of.key)
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
  }
  const put = () => call(`${path}/draft`, { method: 'PUT', body: { text }, ifMatch: of.draft?.version })
  return {
    error, busy, said,
    hush: () => setSaid(''),
    save: () => run(put, t('setup.kept')),
    publish: () => run(async () => {
      if (text !== saved || !of.draft) await put()
      await call(`${path}/publish`, { method: 'POST', body: from ? { from } : {} })
    }, from ? t('setup.will', { day: format.day(`${from}T05:00:00Z`) }) : t('setup.published')),
    drop: (then: () => void) => run(async () => {
      await call(`${path}/draft`, { method: 'DELETE' })
      then()
    }, t('setup.dropped')),
  }
}

function Switch<T extends string>({ name, legend, all, value, word, onTake }: { name: string; legend: string; all: readonly T[]; value: T; word: (one: T) => string; onTake: (one: T) => void }) {
  return (
    <fieldset className="switch">
      <legend className="visually-hidden">{legend}</legend>
      {all.map((one) => <label key={one}><input type="radio" name={name} checked={value === one} onChange={() => onTake(one)} /><span>{word(one)}</span></label>)}
    </fieldset>
  )
}

/** In the form: the nearest thing that the problem is about, its folds opened. */
function goTo(pointer: string): void {
  for (let at = pointer; at; at = at.slice(0, at.lastIndexOf('/'))) {
    const place = document.querySelector(`[data-pointer="${CSS.escape(at)}"]`)
    if (!place) continue
    for (let fold = place.closest('details'); fold; fold = fold.parentElement?.closest('details') ?? null) fold.open = true
    place.scrollIntoView({ block: 'center' })
    place.querySelector<HTMLElement>('input, select, textarea, summary')?.focus()
    return
  }
}

function goToLine(box: HTMLTextAreaElement | null, line: number): void {
  if (!box) return
  const rows = box.value.split('\n')
  const start = rows.slice(0, line - 1).join('\n').length + (line > 1 ? 1 : 0)
  box.focus()
  box.setSelectionRange(start, start + (rows[line - 1]?.length ?? 0))
  box.scrollTop = (line - 4) * Number.parseFloat(getComputedStyle(box).lineHeight)
}

function Work({ of }: { of: DefinitionText }) {
  const { t } = useTranslation('officer')
  const format = useFormat()
  const { kind, key: name, draft } = of
  const saved = draft?.text ?? of.text ?? ''
  const { text, asked, past, change, undo } = useDraftText(saved)
  const [view, setView] = useState<View>(hasForm(kind) ? 'form' : 'text')
  const [pane, setPane] = useState<Pane>(kind === 'service' || kind === 'flow' ? 'preview' : 'check')
  const [from, setFrom] = useState('')
  const [sure, setSure] = useState(false)
  const area = useRef<HTMLTextAreaElement>(null)
  const checked = useChecked(kind, name, asked)
  const acts = useActs(of, text, saved, from)
  const touch = (next: string, tag?: string) => {
    change(next, tag)
    acts.hush()
    setSure(false)
  }
  const faults = checked.data?.problems ?? []
  const go = ({ line, pointer }: Fault) => { if (view === 'form') goTo(pointer); else goToLine(area.current, line) }
  const publish = () => void acts.publish().then(() => setSure(false))

  return (
    <>
      <p className="hint">
        {t('setup.in_force', { version: of.version })}
        {draft ? ` ${draft.publish_at ? t('setup.waits', { at: format.instant(draft.publish_at) }) : t('setup.saved', { at: format.instant(draft.saved_at) })}.` : ''}
      </p>
      <div className="filters setup-bar">
        {hasForm(kind) ? <Switch name="view" legend={t('setup.view')} all={['form', 'text'] as const} value={view} word={(one) => t(`setup.${one === 'form' ? 'as_form' : 'as_text'}`)} onTake={setView} /> : null}
        <button type="button" className="small-button" disabled={acts.busy || past.length === 0} onClick={() => { undo(); acts.hush() }}>{t('setup.undo')}</button>
        <button type="button" className="small-button" disabled={acts.busy || text === saved} onClick={() => void acts.save()}>{t('setup.save')}</button>
        <label className="filter-select">{t('setup.from')} <input type="date" value={from} onChange={(event) => setFrom(event.target.value)} /></label>
        {sure ? (
          <button type="button" className="small-button" disabled={acts.busy} onClick={publish}>{t(from ? 'setup.sure_later' : 'setup.sure')}</button>
        ) : (
          <button type="button" className="small-button" disabled={acts.busy || text !== asked || (checked.data?.problems.length ?? 1) > 0 || (text === saved && !draft)} onClick={() => setSure(true)}>{t('setup.publish')}</button>
        )}
        {sure ? <button type="button" className="link" onClick={() => setSure(false)}>{t('setup.not_yet')}</button> : null}
        {draft && !sure ? <button type="button" className="link" disabled={acts.busy} onClick={() => { if (window.confirm(t('setup.drop_sure'))) void acts.drop(() => change(of.text ?? '')) }}>{t('setup.drop')}</button> : null}
        <span role="status">{acts.said ? <><Icon name="check" size={16} /> {acts.said}</> : null}</span>
      </div>
      {acts.error ? <ProblemView error={acts.error} /> : null}
      <div className="setup">
        <div>
          {view === 'form' ? <Suspense fallback={<Loading lines={8} />}><Forms kind={kind} text={text} faults={faults} onText={touch} /></Suspense> : (
            <>
              <label className="setup-label" htmlFor="setup-text">{t('setup.text')}</label>
              <textarea id="setup-text" ref={area} className="setup-text" value={text} spellCheck={false} wrap="off" onChange={(event) => touch(event.target.value, 'text')} />
            </>
          )}
        </div>
        <div className="setup-side">
          <Switch name="pane" legend={t('setup.beside')} all={['check', 'compare', 'preview'] as const} value={pane} word={(one) => t(`setup.${one}`)} onTake={setPane} />
          {pane !== 'check' && faults.length > 0 ? <Faults faults={faults} onGo={go} byField={view === 'form'} /> : null}
          {pane === 'check' ? (checked.data ? <Faults faults={faults} onGo={go} byField={view === 'form'} /> : checked.error ? <ProblemView error={checked.error} /> : <Loading lines={3} />) : null}
          {pane === 'compare' ? <Compare of={of} text={text} /> : null}
          {pane === 'preview' ? (checked.data?.drawing ? <Drawing svg={checked.data.drawing} /> : checked.data?.body ? <Preview body={checked.data.body} /> : <p className="hint">{t('setup.no_form')}</p>) : null}
        </div>
      </div>
    </>
  )
}

/** In words what the draft changes, as it stands; line by line what was saved of it. */
function Compare({ of, text }: { of: DefinitionText; text: string }) {
  const { t } = useTranslation('officer')
  return (
    <>
      {of.text ? <Suspense fallback={<Loading lines={3} />}><Differences before={of.text} after={text} /></Suspense> : null}
      {of.draft ? <Diff of={of} /> : <p className="hint">{t('setup.no_draft')}</p>}
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
