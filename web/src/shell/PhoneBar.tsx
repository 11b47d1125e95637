import { useTranslation } from 'react-i18next'
import { NavLink } from 'react-router'
import { Icon } from '@/components/Icon'
import { places } from './links'

/** On a phone the main places stand at the foot, where the thumb is. */
export function PhoneBar() {
  const { t } = useTranslation()
  return (
    <nav className="phone-bar" aria-label={t('app.main_menu')}>
      {places.map(({ to, name, icon }) => (
        <NavLink key={to} to={to} end={to === '/'}>
          <Icon name={icon} size={22} />
          <span>{t(`nav.${name}`)}</span>
        </NavLink>
      ))}
    </nav>
  )
}
