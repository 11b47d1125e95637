import { useTranslation } from 'react-i18next'
import { usePageTitle } from '@/components/usePage'

export default function Home() {
  const { t } = useTranslation()
  usePageTitle('')
  return <div className="page"><h1>{t('app.name')}</h1></div>
}
