import { useTranslation } from 'react-i18next'

/** How many are unread: a number for the eyes, with its word for readers. */
export function BellCount({ count }: { count: number }) {
  const { t } = useTranslation()
  if (count === 0) return null
  return <span className="bell-count">{count > 19 ? '20+' : count}<span className="visually-hidden"> {t('nav.unread')}</span></span>
}
