import { useTranslation } from 'react-i18next'
import { address } from '@/api/http'
import { useCaseSlips } from '@/api/hooks'
import { fileName } from '@/components/fileName'
import { Icon } from '@/components/Icon'
import { PrintButton } from '@/components/PrintButton'
import { DateText } from '@/components/Text'

/** What the office wrote about this dossier: receipt, request, refusal. Nothing while there is none. */
export function Slips({ code }: { code: string }) {
  const { t } = useTranslation()
  const slips = useCaseSlips(code)
  if (slips.rows.length === 0) return null
  return (
    <section aria-labelledby="slips">
      <h2 id="slips">{t('dossier.slips')}</h2>
      <ul className="cards">
        {slips.rows.map((slip) => (
          <li key={`${slip.kind}-${slip.number}`} className="card">
            <p className="card-title">{slip.title}</p>
            <p className="hint">{t('dossier.slip_number', { number: slip.number })}, <DateText value={slip.at} time /></p>
            {slip.document ? (
              <div className="row">
                <PrintButton className="button" address={address(`/documents/${slip.document.id}/content`)} title={slip.title} />
                <a className="onward" href={address(`/documents/${slip.document.id}/content`)} download={fileName(slip.document.title)}>
                  <Icon name="download" size={16} /> {t('common.download')}<span className="visually-hidden">: {slip.title}</span>
                </a>
              </div>
            ) : <p role="status">{t('dossier.slip_coming')}</p>}
          </li>
        ))}
      </ul>
    </section>
  )
}
