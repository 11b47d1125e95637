import { createColumnHelper, tableFeatures, useTable } from '@tanstack/react-table'
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import type { CaseRow, Me } from '@/api/types'
import { Chip } from '@/components/Chips'
import { Due, useWhen } from '../Due'

const features = tableFeatures({})
const helper = createColumnHelper<typeof features, CaseRow>()

/** Lists name the holder by id only. */
export const holderOf = ({ assignee }: CaseRow): string | null => (typeof assignee === 'string' ? assignee : (assignee?.id ?? null))

export const rowId = (code: string): string => `row-${code}`

interface TableProps {
  rows: CaseRow[]
  me: Me
  now: number
  fresh: readonly string[]
  current: string | null
  chosen: ReadonlySet<string>
  onCurrent: (code: string) => void
  onChoose: (codes: ReadonlySet<string>) => void
}

export function Table({ rows, me, now, fresh, current, chosen, onCurrent, onChoose }: TableProps) {
  const { t } = useTranslation('officer')
  const { t: tc } = useTranslation()
  const when = useWhen()
  const columns = useMemo(() => helper.columns([
    helper.display({
      id: 'pick',
      header: () => (
        <input
          type="checkbox" aria-label={t('inbox.pick_all')} checked={rows.length > 0 && rows.every(({ code }) => chosen.has(code))}
          onChange={(event) => onChoose(new Set(event.target.checked ? rows.map(({ code }) => code) : []))}
        />
      ),
      cell: ({ row: { original: { code } } }) => (
        <input
          type="checkbox" aria-label={t('inbox.pick', { code })} checked={chosen.has(code)} tabIndex={-1}
          onChange={(event) => {
            const next = new Set(chosen)
            if (event.target.checked) next.add(code)
            else next.delete(code)
            onChoose(next)
          }}
        />
      ),
    }),
    helper.display({ id: 'due', header: t('inbox.due'), cell: ({ row }) => <Due of={row.original} now={now} /> }),
    helper.display({
      id: 'applicant', header: t('inbox.applicant'),
      cell: ({ row: { original: { code, applicant } } }) => (
        <>
          <Link id={rowId(code)} to={`/can-bo/ho-so/${encodeURIComponent(code)}`} onFocus={() => onCurrent(code)}>{applicant.name}</Link>
          {fresh.includes(code) ? <> <Chip meaning="plain" icon="bell">{t('inbox.fresh')}</Chip></> : null}
        </>
      ),
    }),
    helper.display({ id: 'service', header: t('inbox.service'), cell: ({ row: { original: { service } } }) => <span title={service.name}>{service.name}</span> }),
    helper.display({
      id: 'step', header: t('inbox.step'),
      cell: ({ row: { original: { step, status } } }) => <span title={step?.title}>{step?.title ?? tc(`status.s${status}`)}</span>,
    }),
    helper.display({
      id: 'step_due', header: t('inbox.step_due'),
      cell: ({ row: { original: { step, status } } }) =>
        step?.due_at && status < 9 ? <time dateTime={step.due_at} className={Date.parse(step.due_at) < now ? 'past' : undefined}>{when(step.due_at, now)}</time> : null,
    }),
    helper.display({
      id: 'holder', header: t('inbox.holder'),
      cell: ({ row: { original } }) => {
        const holder = holderOf(original)
        return holder === null ? <span className="hint">{t('inbox.nobody')}</span> : holder === me.party.id ? t('inbox.me') : t('inbox.other')
      },
    }),
    helper.display({ id: 'code', header: t('inbox.code'), cell: ({ row }) => <span className="code">{row.original.code}</span> }),
  ]), [t, tc, rows, chosen, fresh, me, now, when, onChoose, onCurrent])
  const table = useTable({ features, columns, data: rows, getRowId: ({ code }) => code })

  return (
    <table className="inbox">
      <caption className="visually-hidden">{t('inbox.table')}</caption>
      <thead>
        {table.getHeaderGroups().map((group) => (
          <tr key={group.id}>
            {group.headers.map((header) => <th key={header.id} scope="col" className={`c-${header.id}`}><table.FlexRender header={header} /></th>)}
          </tr>
        ))}
      </thead>
      <tbody>
        {table.getRowModel().rows.map((row) => (
          <tr key={row.id} className={[row.id === current ? 'row-current' : '', chosen.has(row.id) ? 'row-chosen' : ''].join(' ')}>
            {row.getAllCells().map((cell) => <td key={cell.id} className={`c-${cell.column.id}`}><table.FlexRender cell={cell} /></td>)}
          </tr>
        ))}
      </tbody>
    </table>
  )
}
