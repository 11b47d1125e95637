import { useEffect } from 'react'
import { useTranslation } from 'react-i18next'

/** Names the page in the tab, and in what a screen reader says on arrival. */
export function usePageTitle(page: string): void {
  const { t } = useTranslation()
  useEffect(() => {
    document.title = page ? t('app.title', { page }) : `${t('app.name')} ${t('app.city')}`
  }, [page, t])
}
