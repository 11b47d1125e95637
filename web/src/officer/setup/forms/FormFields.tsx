import { useCallback, useId, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Document } from 'yaml'
import type { JsonObject } from '@/api/types'
import { isObject } from '@/components/schema/pointer'
import { at, useEditing, useFaults, useValue } from './editing'
import { Box, Field, FaultLines, Fold, Rank, Rows, Tick, Title, type Option } from './fields'
import { useSources } from './known'
import { wordsOf } from './words'
import { append, move, nameFor, put, type Path } from './text'

const shapes = {
  text: { type: 'string', maxLength: 200 },
  date: { type: 'string', format: 'date' },
  integer: { type: 'integer', minimum: 0 },
  number: { type: 'number' },
  yes: { type: 'boolean' },
  choice: { type: 'string' },
  person: { type: 'string', format: 'vn-personal-number' },
  phone: { type: 'string', format: 'vn-phone' },
  email: { type: 'string', format: 'email' },
} satisfies Record<string, JsonObject>
type Shape = keyof typeof shapes
const shapeWords = ['type', 'format', 'maxLength', 'minLength', 'minimum', 'maximum', 'oneOf', 'default'] as const

/** null: something only the text can say (a group, a list, a record of one's own). */
function shapeOf(field: JsonObject): Shape | null {
  if (field['x-own'] !== undefined || isObject(field.properties) || field.type === 'array' || field.const !== undefined) return null
  if (Array.isArray(field.oneOf)) return 'choice'
  const found = (Object.keys(shapes) as Shape[]).find((name) => {
    const shape: JsonObject = shapes[name]
    return name !== 'choice' && shape.type === field.type && shape.format === field.format
  })
  return found ?? null
}

const propertiesOf = (value: unknown): JsonObject => (isObject(value) && isObject(value.properties) ? value.properties : {})
const titleOf = (value: unknown, name: string): string =>
  (isObject(value) && wordsOf(value.title)) || name

/** The numbers that a form asks for: a fee may count them. */
export function numbersOf(body: JsonObject): Option[] {
  return Object.entries(propertiesOf(body.form)).filter(([, one]) => isObject(one) && (one.type === 'integer' || one.type === 'number')).map(([value, one]) => ({ value, label: titleOf(one, value) }))
}

const pagesOf = (body: JsonObject): JsonObject[] => {
  const pages = at(body, ['ui', 'pages'])
  return Array.isArray(pages) ? pages.filter(isObject) : []
}
const fieldsOf = (page: JsonObject): string[] => (Array.isArray(page.fields) ? page.fields.map(String) : [])

/** Off every page, out of what is required, and gone. */
function drop(doc: Document, body: JsonObject, group: Path, name: string): void {
  const required = at(body, [...group, 'required'])
  if (Array.isArray(required) && required.includes(name)) put(doc, [...group, 'required', required.indexOf(name)], undefined)
  put(doc, [...group, 'properties', name], undefined)
  if (group.length > 1) return
  pagesOf(body).forEach((page, i) => { if (fieldsOf(page).includes(name)) put(doc, ['ui', 'pages', i, 'fields', fieldsOf(page).indexOf(name)], undefined) })
  put(doc, ['ui', name], undefined)
}

/** On the page its order is said once more. */
function shift(doc: Document, body: JsonObject, group: Path, name: string, by: -1 | 1): void {
  move(doc, [...group, 'properties', name], by)
  if (group.length > 1) return
  pagesOf(body).forEach((page, i) => { if (fieldsOf(page).includes(name)) move(doc, ['ui', 'pages', i, 'fields', fieldsOf(page).indexOf(name)], by) })
}

function Place({ name }: { name: string }) {
  const { t } = useTranslation('setup')
  const { body, change } = useEditing()
  const pages = pagesOf(body)
  if (pages.length < 2) return null
  const now = pages.findIndex((page) => fieldsOf(page).includes(name))
  const take = (given: string) => change((doc) => {
    if (now >= 0) put(doc, ['ui', 'pages', now, 'fields', fieldsOf(pages[now] ?? {}).indexOf(name)], undefined)
    append(doc, ['ui', 'pages', Number(given), 'fields'], name)
  })
  return <Box path={['ui', 'pages']} label={t('page')} value={now < 0 ? '' : String(now)} options={pages.map((page, i) => ({ value: String(i), label: titleOf(page, t('nth', { n: i + 1 })) }))} onTake={(given) => { if (given) take(given) }} />
}

function Required({ group, name }: { group: Path; name: string }) {
  const { t } = useTranslation('setup')
  const { body, change } = useEditing()
  const list = at(body, [...group, 'required'])
  const names = Array.isArray(list) ? list.map(String) : []
  const take = (on: boolean) => change((doc) => {
    if (on) append(doc, [...group, 'required'], name)
    else put(doc, names.length > 1 ? [...group, 'required', names.indexOf(name)] : [...group, 'required'], undefined)
  })
  return <Tick path={[...group, 'required', name]} label={t('must')} value={names.includes(name)} onTake={take} />
}

function Choices({ path }: { path: Path }) {
  const { t } = useTranslation('setup')
  const { body } = useEditing()
  const all = at(body, path)
  const taken = Array.isArray(all) ? all.map((one) => (isObject(one) ? String(one.const) : '')) : []
  return (
    <Rows path={path} label={t('choices')} open add={t('add_choice')} fresh={() => ({ const: nameFor('lua chon', taken), title: { vi: t('new_choice') } })} name={(one, i) => titleOf(one, t('nth', { n: i + 1 }))}>
      {(choice) => <Title path={[...choice, 'title']} label={t('choice_title')} />}
    </Rows>
  )
}

function OneField({ group, name, sources }: { group: Path; name: string; sources: readonly Option[] }) {
  const { t } = useTranslation('setup')
  const { change } = useEditing()
  const path: Path = [...group, 'properties', name]
  const [value] = useValue(path)
  const field = isObject(value) ? value : {}
  const shape = shapeOf(field)
  const take = (given: string) => change((doc) => {
    const next: JsonObject = shapes[given as Shape]
    for (const word of shapeWords) put(doc, [...path, word], next[word])
    if (given === 'choice') put(doc, [...path, 'oneOf'], [{ const: 'lua_chon', title: { vi: t('new_choice') } }])
  })
  return (
    <>
      <Title path={[...path, 'title']} label={t('question')} />
      <Title path={[...path, 'description']} label={t('question_hint')} />
      {shape ? <Box path={[...path, 'type']} label={t('shape')} value={shape} options={Object.keys(shapes).map((one) => ({ value: one, label: t(`shapes.${one as Shape}`) }))} onTake={take} /> : null}
      {shape === 'choice' ? <Choices path={[...path, 'oneOf']} /> : null}
      {shape === 'integer' || shape === 'number' ? (
        <div className="set-pair">
          <Field path={[...path, 'minimum']} label={t('minimum')} type="number" short />
          <Field path={[...path, 'maximum']} label={t('maximum')} type="number" short />
        </div>
      ) : null}
      {shape === 'text' ? <Field path={[...path, 'maxLength']} label={t('max_length')} type="number" short /> : null}
      <Required group={group} name={name} />
      {shape && shape !== 'choice' ? <Field path={[...path, 'x-source']} label={t('source')} hint={t('source_hint')} options={sources} none={t('no_source')} /> : null}
      {group.length === 1 ? <Place name={name} /> : null}
      {isObject(field.properties) ? <Fields group={path} sources={sources} /> : null}
    </>
  )
}

/** What a new question needs before it can stand anywhere: its words. */
function NewField({ group, taken }: { group: Path; taken: readonly string[] }) {
  const { t } = useTranslation('setup')
  const { body, change } = useEditing()
  const [vi, setVi] = useState('')
  const [en, setEn] = useState('')
  const [asked, setAsked] = useState(false)
  const id = useId()
  const add = () => {
    setAsked(true)
    if (vi.trim() === '') return
    const name = nameFor(vi, taken)
    change((doc) => {
      put(doc, [...group, 'properties', name], { ...shapes.text, title: { vi: vi.trim(), en: en.trim() || vi.trim() } })
      const pages = pagesOf(body)
      if (group.length === 1 && pages.length > 0) append(doc, ['ui', 'pages', pages.length - 1, 'fields'], name)
    })
    setVi('')
    setEn('')
    setAsked(false)
  }
  const bare = asked && vi.trim() === ''
  return (
    <div className="set-new">
      <div className="set-pair">
        <div className="set-field">
          <label htmlFor={`${id}-vi`}>{t('in_vi', { label: t('new_question') })}</label>
          <input id={`${id}-vi`} value={vi} aria-invalid={bare} aria-describedby={bare ? `${id}-bare` : undefined} autoComplete="off" onChange={(event) => setVi(event.target.value)} />
          {bare ? <p className="field-error" id={`${id}-bare`}>{t('new_bare')}</p> : null}
        </div>
        <div className="set-field"><label htmlFor={`${id}-en`}>{t('in_en', { label: t('new_question') })}</label><input id={`${id}-en`} value={en} autoComplete="off" onChange={(event) => setEn(event.target.value)} /></div>
      </div>
      <button type="button" className="small-button" onClick={add}>{t('add_question')}</button>
    </div>
  )
}

function Fields({ group, sources }: { group: Path; sources: readonly Option[] }) {
  const { t } = useTranslation('setup')
  const { body, change } = useEditing()
  const faults = useFaults([...group, 'properties'])
  const own = useFaults(group)
  const properties = propertiesOf(at(body, group))
  const names = Object.keys(properties)
  const required = at(body, [...group, 'required'])
  return (
    <div className="set-rows">
      {names.map((name, i) => {
        const field = isObject(properties[name]) ? properties[name] : {}
        const shape = shapeOf(field)
        const note = [shape ? t(`shapes.${shape}`) : isObject(field.properties) ? t('group') : t('special'), Array.isArray(required) && required.includes(name) ? t('must_short') : '', field['x-source'] ? t('known_short') : ''].filter(Boolean).join(', ')
        return (
          <Fold key={name} path={[...group, 'properties', name]} name={titleOf(field, name)} note={note}>
            <OneField group={group} name={name} sources={sources} />
            <Rank path={[...group, 'properties', name]} name={titleOf(field, name)} first={i === 0} last={i === names.length - 1}
              onMove={(by) => change((doc) => shift(doc, body, group, name, by))} onRemove={() => change((doc) => drop(doc, body, group, name))} />
          </Fold>
        )
      })}
      <FaultLines faults={[...faults, ...own]} />
      <NewField group={group} taken={names} />
    </div>
  )
}

/** The questions of a service's form, as a list; groups hold lists of their own. */
export function FormFields() {
  const { t } = useTranslation('setup')
  const sources = useSources(useCallback((name: string) => t(`account.${name as 'phone'}`), [t]))
  return <Fields group={['form']} sources={sources} />
}
