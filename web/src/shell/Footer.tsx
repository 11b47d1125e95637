import { useMantineColorScheme } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { LanguageSwitch } from './LanguageSwitch'

const schemes = ['auto', 'light', 'dark'] as const

export function Footer() {
  const { t } = useTranslation()
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  return (
    <footer className="footer">
      <div className="footer-row">
        <p>
          <a href="tel:1022">{t('app.footer_help')}</a>
          <br />
          {t('app.footer_counter')}
        </p>
        <div className="footer-side">
          <Link to="/tra-cuu">{t('nav.track')}</Link>
          <span className="footer-language"><LanguageSwitch /></span>
          <label className="scheme">
            {t('settings.scheme')}
            <select value={colorScheme} onChange={(event) => setColorScheme(event.target.value as (typeof schemes)[number])}>
              {schemes.map((scheme) => <option key={scheme} value={scheme}>{t(`settings.${scheme}`)}</option>)}
            </select>
          </label>
        </div>
      </div>
    </footer>
  )
}
