import { useTranslation } from 'react-i18next'
import { changeLanguage } from '@/i18n'
import { currentLanguage } from '@/i18n/language'

/** One button that names the other language, in that language. */
export function LanguageSwitch() {
  const { t } = useTranslation()
  const other = currentLanguage() === 'vi' ? 'en' : 'vi'
  return (
    <button type="button" className="masthead-item" lang={other} onClick={() => void changeLanguage(other)}>
      {t(`settings.${other}`)}
    </button>
  )
}
