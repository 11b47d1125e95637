import { useId, useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Icon } from '@/components/Icon'
import { isObject } from '@/components/schema/pointer'
import type { Fault } from '../api'
import { useEditing, useFaults, useValue } from './editing'
import { append, move, pointerOf, put, type Path } from './text'

export interface Option {
  value: string
  label: string
}

/** The server says it in English for programs; the known rules are said in the reader's words. */
export function useSentence(): (fault: Fault) => string {
  const { t } = useTranslation('setup')
  return ({ rule, what }) => t(`fault.${rule}`, { defaultValue: what })
}

export function FaultLines({ faults, id }: { faults: readonly Fault[]; id?: string }) {
  const sentence = useSentence()
  if (faults.length === 0) return null
  return <div id={id}>{faults.map((fault, i) => <p key={i} className="field-error"><Icon name="warning" size={16} /> {sentence(fault)}</p>)}</div>
}

interface FieldProps {
  path: Path
  label: string
  hint?: string
  type?: 'text' | 'date' | 'number' | 'tel' | 'time'
  rows?: number
  options?: readonly Option[]
  /** The words of the choice that says nothing. */
  none?: string
  deep?: boolean
  short?: boolean
  /** What else is wrong with it: said of what it is a part of. */
  also?: readonly Fault[]
}

const shown = (value: unknown): string => (typeof value === 'string' || typeof value === 'number' ? String(value) : '')

/** One value: a line, several lines, a date, a number or one of a list. What is typed stays, right or wrong: the check says so beside it. */
export function Field(props: FieldProps) {
  const [value, set] = useValue(props.path)
  const { type } = props
  const take = (given: string) => set(given === '' ? undefined : type === 'number' && /^-?\d{1,15}$/.test(given) ? Number(given) : given)
  return <Box {...props} value={shown(value)} onTake={take} />
}

/** The same around a value that is computed from several, or only typed so far. */
export function Box({ path, label, hint, type = 'text', rows, options, none, deep, short, also = [], value, onTake }: FieldProps & { value: string; onTake: (given: string) => void }) {
  const id = useId()
  const own = useFaults(path, deep)
  const faults = [...own, ...also]
  const known = {
    id, value, 'aria-invalid': faults.length > 0, 'aria-describedby': [hint ? `${id}-hint` : '', faults.length > 0 ? `${id}-fault` : ''].filter(Boolean).join(' ') || undefined,
    onChange: (event: { target: { value: string } }) => onTake(event.target.value),
  }
  const offered = options && value && !options.some((one) => one.value === value) ? [{ value, label: value }, ...options] : options
  return (
    <div className={short ? 'set-field set-short' : 'set-field'} data-pointer={pointerOf(path)}>
      <label htmlFor={id}>{label}</label>
      {hint ? <p className="hint" id={`${id}-hint`}>{hint}</p> : null}
      {offered ? (
        <select {...known}>
          {none !== undefined || value === '' ? <option value="">{none ?? ''}</option> : null}
          {offered.map((one) => <option key={one.value} value={one.value}>{one.label}</option>)}
        </select>
      ) : rows ? <textarea {...known} rows={rows} /> : <input {...known} type={type === 'number' ? 'text' : type} inputMode={type === 'number' ? 'numeric' : undefined} autoComplete="off" />}
      <FaultLines id={`${id}-fault`} faults={faults} />
    </div>
  )
}

/** Words in both languages. What was written in one only is Vietnamese. */
export function Title({ path, label, rows }: { path: Path; label: string; rows?: number }) {
  const { t } = useTranslation('setup')
  const { change } = useEditing()
  const [value] = useValue(path)
  const wrong = useFaults(path)
  const now = isObject(value) ? value : typeof value === 'string' ? { vi: value } : {}
  const take = (language: 'vi' | 'en') => (given: string) => change((doc) => {
    const next = { ...now, [language]: given === '' ? undefined : given }
    if (next.vi === undefined && next.en === undefined) put(doc, path, undefined)
    else if (isObject(value)) put(doc, [...path, language], next[language])
    else put(doc, path, next)
  }, pointerOf([...path, language]))
  // A title that fits neither of its ways of writing lacks its Vietnamese, nearly always.
  const faults = now.vi ? wrong : wrong.map((fault) => ({ ...fault, rule: 'required' }))
  return (
    <div className="set-pair" data-pointer={pointerOf(path)}>
      <Box path={[...path, 'vi']} also={faults} label={t('in_vi', { label })} rows={rows} value={shown(now.vi)} onTake={take('vi')} />
      <Box path={[...path, 'en']} label={t('in_en', { label })} rows={rows} value={shown(now.en)} onTake={take('en')} />
    </div>
  )
}

export function Tick({ path, label, value, onTake }: { path: Path; label: string; value?: boolean; onTake?: (on: boolean) => void }) {
  const [own, set] = useValue(path)
  const faults = useFaults(path, true)
  return (
    <div className="set-tick" data-pointer={pointerOf(path)}>
      <label><input type="checkbox" checked={value ?? own === true} onChange={(event) => (onTake ? onTake(event.target.checked) : set(event.target.checked ? true : undefined))} /> {label}</label>
      <FaultLines faults={faults} />
    </div>
  )
}

/** Several of a list. */
export function Ticks({ path, label, options, hint }: { path: Path; label: string; options: readonly Option[]; hint?: string }) {
  const { change } = useEditing()
  const [value] = useValue(path)
  const faults = useFaults(path, true)
  const chosen = Array.isArray(value) ? value.map(String) : []
  const all = [...options, ...chosen.filter((one) => !options.some((known) => known.value === one)).map((one) => ({ value: one, label: one }))]
  const take = (one: string, on: boolean) => change((doc) => {
    if (on) append(doc, path, one)
    else put(doc, chosen.length > 1 ? [...path, chosen.indexOf(one)] : path, undefined)
  })
  return (
    <fieldset className="set-group" data-pointer={pointerOf(path)}>
      <legend>{label}</legend>
      {hint ? <p className="hint">{hint}</p> : null}
      <div className="set-ticks">
        {all.map((one) => (
          <label key={one.value}><input type="checkbox" checked={chosen.includes(one.value)} onChange={(event) => take(one.value, event.target.checked)} /> {one.label}</label>
        ))}
      </div>
      <FaultLines faults={faults} />
    </fieldset>
  )
}

/** Up, down and away; what goes away comes back with "undo". */
export function Rank({ path, name, first, last, onRemove, onMove }: { path: Path; name: string; first: boolean; last: boolean; onRemove?: () => void; onMove?: (by: -1 | 1) => void }) {
  const { t } = useTranslation('setup')
  const { change } = useEditing()
  const shift = onMove ?? ((by: -1 | 1) => change((doc) => move(doc, path, by)))
  return (
    <div className="set-rank">
      <button type="button" className="small-button" disabled={first} aria-label={t('up_of', { name })} onClick={() => shift(-1)}>{t('up')}</button>
      <button type="button" className="small-button" disabled={last} aria-label={t('down_of', { name })} onClick={() => shift(1)}>{t('down')}</button>
      <button type="button" className="small-button" aria-label={t('remove_of', { name })} onClick={onRemove ?? (() => change((doc) => put(doc, path, undefined)))}>{t('remove')}</button>
    </div>
  )
}

interface ListProps {
  path: Path
  label: string
  /** What one is called, to tell them apart. */
  name: (one: unknown, index: number) => string
  children: (path: Path, index: number) => ReactNode
  /** What a new one begins as. */
  fresh: () => unknown
  add: string
  open?: boolean
}

/** A list of things with several fields each: one is opened at a time, or stays open by itself when something is wrong in it. */
export function Rows({ path, label, name, children, fresh, add, open }: ListProps) {
  const { change } = useEditing()
  const [value] = useValue(path)
  const faults = useFaults(path)
  const rows = Array.isArray(value) ? (value as unknown[]) : []
  return (
    <div className="set-rows" role="group" aria-label={label} data-pointer={pointerOf(path)}>
      {rows.map((row, i) => (
        <Fold key={i} path={[...path, i]} name={name(row, i)} open={open ?? false}>
          {children([...path, i], i)}
          <Rank path={[...path, i]} name={name(row, i)} first={i === 0} last={i === rows.length - 1} />
        </Fold>
      ))}
      <FaultLines faults={faults} />
      <button type="button" className="small-button" onClick={() => change((doc) => append(doc, path, fresh()))}>{add}</button>
    </div>
  )
}

export function Fold({ path, name, note, open, children }: { path: Path; name: string; note?: string; open?: boolean; children: ReactNode }) {
  const { t } = useTranslation('setup')
  const own = useFaults(path)
  const wrong = useFaults(path, true).length
  const [opened, setOpened] = useState(open ?? false)
  const is = opened || wrong > 0
  return (
    <details className="set-fold" data-pointer={pointerOf(path)} open={is} onToggle={(event) => { if (event.currentTarget.open !== is) setOpened(event.currentTarget.open) }}>
      <summary>{name}{note ? <span className="hint"> {note}</span> : null}{wrong > 0 ? <span className="field-error"> <Icon name="warning" size={16} /> {t('wrong', { count: wrong })}</span> : null}</summary>
      {/* What is being mended stays open when nothing is wrong with it any more. */}
      {/* eslint-disable-next-line jsx-a11y/no-static-element-interactions */}
      <div className="set-inside" onFocus={() => setOpened(true)}><FaultLines faults={own} />{is ? children : null}</div>
    </details>
  )
}

export function Part({ title, hint, children }: { title: string; hint?: string; children: ReactNode }) {
  return <section className="panel set-part"><h2>{title}</h2>{hint ? <p className="hint">{hint}</p> : null}{children}</section>
}
