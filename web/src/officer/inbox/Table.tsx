import { createColumnHelper, tableFeatures, useTable } from '@tanstack/react-table'
import { createContext, useContext } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import type { CaseRow, Me } from '@/api/types'
import { Chip } from '@/components/Chips'
import { Due, useWhen } from '../Due'

const features = tableFeatures({})
const helper = createColumnHelper<typeof features, CaseRow>()

/** Lists name the holder by id only. */
const holderOf = ({ assignee }: CaseRow): string | null => (typeof assignee === 'string' ? assignee : (assignee?.id ?? null))

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

/** What changes under the cells. The columns themselves never do: a new cell function would be a new component, and lose the focus. */
const Desk = createContext<TableProps | null>(null)
function useDesk(): TableProps {
  const desk = useContext(Desk)
  if (!desk) throw new Error('a cell outside its table')
  return desk
}

function Title({ name }: { name: 'due' | 'applicant' | 'service' | 'step' | 'step_due' | 'holder' | 'code' }) {
  const { t } = useTranslation('officer')
  return t(`inbox.${name}`)
}

function PickAll() {
  const { t } = useTranslation('officer')
  const { rows, chosen, onChoose } = useDesk()
  return (
    <input
      type="checkbox" aria-label={t('inbox.pick_all')} checked={rows.length > 0 && rows.every(({ code }) => chosen.has(code))}
      onChange={(event) => onChoose(new Set(event.target.checked ? rows.map(({ code }) => code) : []))}
    />
  )
}

function Pick({ of: { code } }: { of: CaseRow }) {
  const { t } = useTranslation('officer')
  const { chosen, onChoose } = useDesk()
  return (
    <input
      type="checkbox" aria-label={t('inbox.pick', { code })} checked={chosen.has(code)}
      onChange={(event) => {
        const next = new Set(chosen)
        if (event.target.checked) next.add(code)
        else next.delete(code)
        onChoose(next)
      }}
    />
  )
}

function Applicant({ of: { code, applicant } }: { of: CaseRow }) {
  const { t } = useTranslation('officer')
  const { fresh, onCurrent } = useDesk()
  return (
    <>
      <Link id={rowId(code)} to={`/can-bo/ho-so/${encodeURIComponent(code)}`} onFocus={() => onCurrent(code)}>{applicant.name}</Link>
      {fresh.includes(code) ? <> <Chip meaning="plain" icon="bell">{t('inbox.fresh')}</Chip></> : null}
    </>
  )
}

function StepDue({ of: { step, status } }: { of: CaseRow }) {
  const when = useWhen()
  const { now } = useDesk()
  if (!step?.due_at || status >= 9) return null
  return <time dateTime={step.due_at} className={Date.parse(step.due_at) < now ? 'past' : undefined}>{when(step.due_at, now, 'short')}</time>
}

function Holder({ of }: { of: CaseRow }) {
  const { t } = useTranslation('officer')
  const { me } = useDesk()
  const holder = holderOf(of)
  return holder === null ? <span className="hint">{t('inbox.nobody')}</span> : holder === me.party.id ? t('inbox.me') : t('inbox.other')
}

function StepName({ of: { step, status } }: { of: CaseRow }) {
  const { t } = useTranslation()
  return <span title={step?.title}>{step?.title ?? t(`status.s${status}`)}</span>
}

const DueNow = ({ of }: { of: CaseRow }) => <Due of={of} now={useDesk().now} short />

const columns = helper.columns([
  helper.display({ id: 'pick', header: () => <PickAll />, cell: ({ row }) => <Pick of={row.original} /> }),
  helper.display({ id: 'due', header: () => <Title name="due" />, cell: ({ row }) => <DueNow of={row.original} /> }),
  helper.display({ id: 'applicant', header: () => <Title name="applicant" />, cell: ({ row }) => <Applicant of={row.original} /> }),
  helper.display({ id: 'service', header: () => <Title name="service" />, cell: ({ row: { original: { service } } }) => <span title={service.name}>{service.name}</span> }),
  helper.display({ id: 'step', header: () => <Title name="step" />, cell: ({ row }) => <StepName of={row.original} /> }),
  helper.display({ id: 'step_due', header: () => <Title name="step_due" />, cell: ({ row }) => <StepDue of={row.original} /> }),
  helper.display({ id: 'holder', header: () => <Title name="holder" />, cell: ({ row }) => <Holder of={row.original} /> }),
  helper.display({ id: 'code', header: () => <Title name="code" />, cell: ({ row }) => <span className="code">{row.original.code}</span> }),
])
const idOf = ({ code }: CaseRow) => code

export function Table(desk: TableProps) {
  const { t } = useTranslation('officer')
  const { rows, current, chosen } = desk
  const table = useTable({ features, columns, data: rows, getRowId: idOf })
  return (
    <Desk value={desk}>
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
    </Desk>
  )
}
