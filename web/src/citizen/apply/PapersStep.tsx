import { useTranslation } from 'react-i18next'
import type { CasePaper, Service } from '@/api/types'
import { FileUpload } from '@/components/FileUpload'
import { Icon } from '@/components/Icon'
import { heldTitle } from '../papers'
import type { LocalDraft } from './draft'

interface PapersStepProps {
  papers: readonly CasePaper[]
  service: Service | undefined
  sent: LocalDraft['papers']
  missing: readonly string[]
  onChange: (papers: LocalDraft['papers']) => void
}

export function PapersStep({ papers, service, sent, missing, onChange }: PapersStepProps) {
  const { t } = useTranslation()
  return (
    <ul className="needs">
      {papers.map((paper) => {
        const held = heldTitle(paper)
        const mine = sent.find(({ kind }) => kind === paper.kind)
        const when = service?.papers.find(({ kind }) => kind === paper.kind)?.group
        if (held !== null)
          return (
            <li key={paper.kind} className="need need-held">
              <span className="need-mark"><Icon name="check" /></span>
              <div>
                <p className="need-title">{paper.title}</p>
                <p className="need-have">{t('apply.paper_held', { title: held || paper.title })}</p>
              </div>
            </li>
          )
        return (
          <li key={paper.kind} className="need" id={`paper-${paper.kind}`}>
            <span className="need-mark">{mine ? <Icon name="check" /> : <Icon name="file" />}</span>
            <div>
              <p className="need-title">{paper.title}</p>
              <p className="hint">{when ? t('apply.paper_when', { when }) : paper.required ? t('apply.paper_required') : t('apply.paper_optional')}</p>
              {missing.includes(paper.kind) ? <p className="field-error">{t('apply.paper_missing', { title: paper.title })}</p> : null}
              <FileUpload
                label={paper.title} sent={mine?.title}
                onSent={(document, file) => onChange([...sent.filter(({ kind }) => kind !== paper.kind), { kind: paper.kind, document: document.id, title: file.name }])}
              />
              {mine ? (
                <button type="button" className="link" onClick={() => onChange(sent.filter(({ kind }) => kind !== paper.kind))}>
                  {t('common.remove')}<span className="visually-hidden">: {mine.title}</span>
                </button>
              ) : null}
            </div>
          </li>
        )
      })}
    </ul>
  )
}
