import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import type { JsonObject } from '@/api/types'
import { isObject } from '@/components/schema/pointer'
import { differences, nameOf, type Difference } from './differences'
import { bodyOf, read } from './text'

/** What the questions of a form and the steps of a flow are called, by their names. */
function titlesOf(body: JsonObject): Record<string, string> {
  const properties = isObject(body.form) ? body.form.properties : undefined
  const named = { ...(isObject(properties) ? properties : {}), ...(isObject(body.steps) ? body.steps : {}) }
  return Object.fromEntries(Object.entries(named).flatMap(([name, one]) => { const title = nameOf(one); return title ? [[name, title]] : [] }))
}

/** Two texts of a definition in words: which value was what, and is what now. */
export function Differences({ before, after }: { before: string; after: string }) {
  const { t } = useTranslation('setup')
  const bodies = useMemo(() => {
    const [a, b] = [read(before), read(after)]
    return a && b ? { a: bodyOf(a), b: bodyOf(b) } : null
  }, [before, after])
  const found = useMemo(() => (bodies ? differences(bodies.a, bodies.b) : []), [bodies])
  const titles = useMemo(() => (bodies ? { ...titlesOf(bodies.a), ...titlesOf(bodies.b) } : {}), [bodies])
  if (found.length === 0) return null
  const said = (value: unknown): string => {
    if (value === undefined) return t('nothing')
    if (typeof value === 'boolean') return t(value ? 'yes' : 'no')
    if (typeof value === 'string' || typeof value === 'number') return titles[value] ?? t(`word.${value}`, { defaultValue: String(value) })
    if (isObject(value) && typeof value.vi === 'string') return value.vi
    if (Array.isArray(value)) return value.map(said).join(', ') || t('nothing')
    return nameOf(value) ?? (isObject(value) ? Object.values(value).map(said).join(', ') : t('nothing'))
  }
  // Of a list of names only what came and what went is told.
  const beyond = (list: unknown, other: unknown): unknown => (Array.isArray(list) && Array.isArray(other) && list.every((one) => typeof one === 'string') ? list.filter((one) => !other.includes(one)) : list)
  const where = ({ path, names }: Difference): string =>
    path.map((key, i) => names[i] ?? (typeof key === 'number' ? '' : t(`word.${key}`, { defaultValue: key === 'properties' ? '' : key }))).filter(Boolean).join(' › ')
  return (
    <table className="set-changes">
      <caption>{t('changes', { count: found.length })}</caption>
      <thead><tr><th scope="col">{t('where')}</th><th scope="col">{t('before')}</th><th scope="col">{t('after')}</th></tr></thead>
      <tbody>
        {found.map((one) => (
          <tr key={one.path.join('/')}><th scope="row">{where(one)}</th><td>{said(beyond(one.before, one.after))}</td><td>{said(beyond(one.after, one.before))}</td></tr>
        ))}
      </tbody>
    </table>
  )
}
