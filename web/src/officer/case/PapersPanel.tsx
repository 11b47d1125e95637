import { useTranslation } from 'react-i18next'
import { address } from '@/api/http'
import type { Case, DocumentMeta, Slip } from '@/api/types'
import { heldTitle } from '@/citizen/papers'
import { EmptyState } from '@/components/EmptyState'
import { Icon } from '@/components/Icon'
import { Signatures } from './Signatures'
import { Viewer } from './Viewer'

export interface Readable {
  id: string
  title: string
  place: string
  mediaType: string | undefined
  document?: DocumentMeta
}

const stored = (id: string, title: string, document: DocumentMeta): Readable =>
  ({ id, title, place: address(`/documents/${encodeURIComponent(document.id)}/content`), mediaType: document.media_type, document })
const slipId = ({ kind, number }: Slip) => `slip-${kind}-${number ?? 'now'}`
/** One without a number is drawn as the dossier stands when it is opened. */
const slipReadable = (of: Case, slip: Slip): Readable | null => {
  if (slip.document) return stored(slipId(slip), slip.title, slip.document)
  if (slip.number !== null) return null
  return { id: slipId(slip), title: slip.title, place: address(`/cases/${encodeURIComponent(of.code)}/slips/${encodeURIComponent(slip.kind)}`), mediaType: 'application/pdf' }
}

/** A result whose paper is still being made has none yet. */
const resultsOf = (of: Case) => of.results as (Omit<Case['results'][number], 'document'> & { document: DocumentMeta | null })[]

/** Everything of a case that can be opened, in the order it is listed. */
export const readables = (of: Case, slips: Slip[]): Readable[] => [
  ...resultsOf(of).flatMap(({ kind, document }) => (document ? [stored(`result-${kind}-${document.id}`, document.title ?? kind, document)] : [])),
  ...of.papers.flatMap(({ kind, title, document }) => (document ? [stored(`paper-${kind}`, title, document)] : [])),
  ...slips.flatMap((slip) => slipReadable(of, slip) ?? []),
]

export function PapersPanel({ of, slips, open, onOpen }: { of: Case; slips: Slip[]; open: string | null; onOpen: (id: string) => void }) {
  const { t } = useTranslation('officer')
  const all = readables(of, slips)
  const shown = all.find(({ id }) => id === open) ?? all[0]
  if (of.papers.length === 0 && of.results.length === 0 && slips.length === 0) return <EmptyState icon="file" title={t('dossier.papers_none')} />
  const button = ({ id, title }: Readable) => (
    <button type="button" aria-pressed={id === shown?.id} aria-label={t('dossier.paper_open', { title })} onClick={() => onOpen(id)}>
      <Icon name="file" size={16} /> <span>{title}</span>
    </button>
  )
  return (
    <>
      <ul className="paper-list">
        {resultsOf(of).map(({ kind, document, verify_code }) => {
          const readable = all.find(({ id }) => id === `result-${kind}-${document?.id}`)
          return (
            <li key={kind + (verify_code ?? '')} className="paper-result">
              {readable ? button(readable) : <span>{kind}</span>}
              {verify_code ? <a href={`/verify/${encodeURIComponent(verify_code)}`} target="_blank" rel="noreferrer" className="code">{t('dossier.verify', { code: verify_code })}</a> : null}
            </li>
          )
        })}
        {of.papers.map((paper) => {
          const readable = all.find(({ id }) => id === `paper-${paper.kind}`)
          const held = heldTitle(paper)
          return (
            <li key={paper.kind}>
              {readable ? button(readable) : <span className="paper-name">{paper.title}</span>}
              {!readable && held !== null ? <span className="paper-held"><Icon name="check" size={16} /> {t('dossier.paper_held', { title: held || paper.title })}</span> : null}
              {!readable && held === null ? <span className="hint">{t('dossier.paper_missing')}</span> : null}
            </li>
          )
        })}
      </ul>
      {slips.length > 0 ? (
        <>
          <h3>{t('dossier.slips')}</h3>
          <ul className="paper-list">
            {slips.map((slip) => {
              const readable = all.find(({ id }) => id === slipId(slip))
              return (
                <li key={slipId(slip)}>
                  {readable ? button({ ...readable, title: slip.number === null ? t('dossier.slip_now', { title: slip.title }) : slip.title }) : <span className="paper-name">{slip.title}</span>}
                  {slip.number !== null ? <span className="code">{slip.number}</span> : null}
                  {readable ? null : <span className="hint">{t('dossier.slip_coming')}</span>}
                </li>
              )
            })}
          </ul>
        </>
      ) : null}
      {shown?.document && shown.id.startsWith('paper-') ? <Signatures key={shown.document.id} of={shown.document} /> : null}
      {shown ? <Viewer key={shown.id.endsWith('-now') ? `${shown.id}-${of.version}` : shown.id} place={shown.place} mediaType={shown.mediaType} title={shown.title} /> : null}
    </>
  )
}
