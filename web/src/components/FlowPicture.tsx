import { useTranslation } from 'react-i18next'
import { address } from '@/api/http'
import type { Case } from '@/api/types'

/** The way a dossier goes, drawn, with the place where it is. In words too, for who cannot see it. */
export function FlowPicture({ of }: { of: Case }) {
  const { t, i18n } = useTranslation()
  const query = new URLSearchParams({ lang: i18n.language === 'en' ? 'en' : 'vi', ...(of.step ? { step: of.step.id } : {}) })
  return (
    <details className="no-print">
      <summary>{t('dossier.flow')}</summary>
      <div className="flow-picture">
        <img
          src={address(`/services/${encodeURIComponent(of.service.code)}/flow.svg?${query.toString()}`)} loading="lazy"
          alt={of.step ? t('dossier.flow_at', { step: of.step.title }) : t('dossier.flow_over')}
        />
      </div>
    </details>
  )
}
