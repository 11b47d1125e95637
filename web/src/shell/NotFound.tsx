import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { usePageTitle } from '@/components/usePage'

export function NotFound() {
  const { t } = useTranslation()
  usePageTitle(t('problem.not_found_title'))
  return (
    <div className="page">
      <h1>{t('problem.not_found_title')}</h1>
      <p>{t('problem.not_found_text')}</p>
      <p><Link to="/">{t('problem.go_home')}</Link></p>
    </div>
  )
}
