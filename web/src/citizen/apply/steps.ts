import type { FieldError } from '@/api/http'
import type { JsonObject, ServiceForm } from '@/api/types'
import { isObject, tokens, valueAt, withValue } from '@/components/schema/pointer'

export type StepId = 'noi-nop' | 'giay-to' | 'nhan-ket-qua' | 'xem-lai' | `phan-${string}`

export interface ApplyStep {
  id: StepId
  title: string
  /** Top-level fields of a question page. */
  fields?: string[]
}

interface Titles { unit: string; papers: string; delivery: string; review: string }

/** The way through an application: where, each question group, papers, the result, a last look. */
export function stepsOf(form: ServiceForm, titles: Titles): ApplyStep[] {
  const all = Object.keys(isObject(form.schema.properties) ? form.schema.properties : {})
  const pages = form.ui.pages ?? []
  const placed = new Set(pages.flatMap(({ fields }) => fields))
  const rest = all.filter((name) => !placed.has(name))
  const groups = pages.map(({ id, title, fields }): ApplyStep => ({ id: `phan-${id}`, title, fields }))
  // A pack that forgot to place a field still has it asked: on the last page.
  const last = groups.at(-1)
  if (last && rest.length > 0) last.fields = [...(last.fields ?? []), ...rest]
  else if (rest.length > 0) groups.push({ id: 'phan-chung', title: typeof form.schema.title === 'string' ? form.schema.title : titles.review, fields: rest })
  return [
    { id: 'noi-nop', title: titles.unit },
    ...groups,
    ...(form.papers.length > 0 ? [{ id: 'giay-to' as const, title: titles.papers }] : []),
    { id: 'nhan-ket-qua', title: titles.delivery },
    { id: 'xem-lai', title: titles.review },
  ]
}

/** What the city knows now under what was typed before; what is locked is always the city's. */
export function formOf(form: ServiceForm, typed: JsonObject): JsonObject {
  const lay = (below: unknown, above: unknown): unknown =>
    isObject(below) && isObject(above)
      ? Object.fromEntries([...new Set([...Object.keys(below), ...Object.keys(above)])].map((name) => [name, name in above ? lay(below[name], above[name]) : below[name]]))
      : above
  let whole = lay(form.data, typed) as JsonObject
  for (const pointer of form.locked) {
    const value = valueAt(form.data, tokens(pointer))
    if (value !== undefined) whole = withValue(whole, tokens(pointer), value)
  }
  return whole
}

/** The server may point from the body's root ("/form/copies") or from the form's ("/copies"). */
export const formPointer = ({ pointer }: Pick<FieldError, 'pointer'>): string => pointer.replace(/^#?\/form(?=\/|$)/, '')

/** The step where a finding is mended. */
export function stepFor(steps: readonly ApplyStep[], error: Pick<FieldError, 'pointer'>): ApplyStep | undefined {
  const first = tokens(formPointer(error))[0]
  if (first === undefined) return undefined
  const byField = steps.find(({ fields }) => fields?.includes(first))
  if (byField) return byField
  const id = ({ papers: 'giay-to', unit: 'noi-nop', delivery: 'nhan-ket-qua' } as Record<string, StepId>)[first]
  return steps.find((step) => step.id === id)
}
