import { useTranslation } from 'react-i18next'
import { NavLink } from 'react-router'
import { useMe, useNotices } from '@/api/hooks'
import { Icon } from '@/components/Icon'
import { places } from './links'
import { BellCount } from './BellCount'

function NoticesPlace() {
  const { t } = useTranslation()
  const { rows } = useNotices({ unread: '1', limit: '20' })
  return (
    <NavLink to="/thong-bao">
      <Icon name="bell" size={22} />
      <span>{t('nav.notices')}</span>
      <BellCount count={rows.length} />
    </NavLink>
  )
}

/** The main places on a phone: under the masthead and not fixed, so that it never covers what is read. */
export function PhoneBar() {
  const { t } = useTranslation()
  const { data: me } = useMe()
  return (
    <nav className="phone-bar" aria-label={t('app.main_menu')}>
      {places.map(({ to, name, icon }) => (
        <NavLink key={to} to={to} end={to === '/'}>
          <Icon name={icon} size={22} />
          <span>{t(`nav.${name}`)}</span>
        </NavLink>
      ))}
      {me ? <NoticesPlace /> : null}
    </nav>
  )
}
