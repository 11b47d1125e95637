import { useTranslation } from 'react-i18next'
import type { Case, DocumentMeta } from '@/api/types'
import { heldTitle } from '@/citizen/papers'
import { EmptyState } from '@/components/EmptyState'
import { Icon } from '@/components/Icon'
import { Viewer } from './Viewer'

export interface Readable {
  id: string
  title: string
  document: DocumentMeta
}

/** A result whose paper is still being made has none yet. */
const resultsOf = (of: Case) => of.results as (Omit<Case['results'][number], 'document'> & { document: DocumentMeta | null })[]

/** Everything of a case that can be opened, in the order it is listed. */
export const readables = (of: Case): Readable[] => [
  ...resultsOf(of).flatMap(({ kind, document }) => (document ? [{ id: `result-${kind}-${document.id}`, title: document.title ?? kind, document }] : [])),
  ...of.papers.flatMap(({ kind, title, document }) => (document ? [{ id: `paper-${kind}`, title, document }] : [])),
]

export function PapersPanel({ of, open, onOpen }: { of: Case; open: string | null; onOpen: (id: string) => void }) {
  const { t } = useTranslation('officer')
  const all = readables(of)
  const shown = all.find(({ id }) => id === open) ?? all[0]
  if (of.papers.length === 0 && of.results.length === 0) return <EmptyState icon="file" title={t('dossier.papers_none')} />
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
      {shown ? <Viewer key={shown.id} document={shown.document} title={shown.title} /> : null}
    </>
  )
}
