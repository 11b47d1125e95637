import { useTranslation } from 'react-i18next'
import type { ReactNode } from 'react'
import type { JsonObject } from '@/api/types'
import { useFormat } from '../format'
import { isObject } from './pointer'
import { resolve, schemaAt, type Schema } from './prune'

export interface Line {
  path: string[]
  title: string
  value: ReactNode
  /** Where the city knows it from, when it does. */
  source: string | null
}

/** A value in words: the chosen answer's title, a date as a date, yes and no. */
export function useWords() {
  const { t } = useTranslation()
  const format = useFormat()
  const words = (schema: Schema, value: unknown): string => {
    if (value === undefined || value === null || value === '') return ''
    if (Array.isArray(value)) return value.map((item) => words(isObject(schema.items) ? schema.items : {}, item)).filter(Boolean).join(', ')
    if (isObject(value)) return Object.values(value).map((item) => words({}, item)).filter(Boolean).join(', ')
    for (const list of [schema.oneOf, schema.anyOf])
      if (Array.isArray(list)) {
        const chosen = list.find((one: unknown) => isObject(one) && one.const === value) as JsonObject | undefined
        if (typeof chosen?.title === 'string') return chosen.title
      }
    if (typeof value === 'boolean') return value ? t('common.yes') : t('common.no')
    if (typeof value === 'string' && (schema.format === 'date' || /^\d{4}-\d{2}-\d{2}$/.test(value))) return format.shortDay(value)
    return typeof value === 'string' || typeof value === 'number' ? String(value) : ''
  }
  return words
}

/** Every leaf of the data that the schema names, in the schema's order. */
export function useLines(root: Schema, data: JsonObject, wanted: (path: string[]) => boolean = () => true): Line[] {
  const words = useWords()
  const lines: Line[] = []
  const walk = (schema: Schema, value: unknown, path: string[]) => {
    const properties = isObject(schema.properties) ? schema.properties : null
    if (properties && isObject(value)) {
      for (const name of Object.keys({ ...properties, ...value })) walk(resolve(properties[name] ?? schemaAt(root, [...path, name]), root), value[name], [...path, name])
      return
    }
    if (path.length === 0 || !wanted(path)) return
    const text = words(schema, value)
    if (text === '') return
    lines.push({
      path,
      title: typeof schema.title === 'string' ? schema.title : (path.at(-1) ?? ''),
      value: text,
      source: typeof schema['x-source-title'] === 'string' ? schema['x-source-title'] : null,
    })
  }
  walk(resolve(root, root), data, [])
  return lines
}

export function Lines({ lines }: { lines: Line[] }) {
  return (
    <dl className="summary">
      {lines.map(({ path, title, value }) => (
        <div key={path.join('/')}>
          <dt>{title}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}

/** What was filled in, to read and not to change: the review page, the case page. */
export function FormSummary({ schema, data, fields }: { schema: Schema; data: JsonObject; fields?: readonly string[] }) {
  return <Lines lines={useLines(schema, data, (path) => fields === undefined || fields.includes(path[0] ?? ''))} />
}
