import { useTranslation } from 'react-i18next'
import { Link, NavLink } from 'react-router'
import { useMe, useNotices } from '@/api/hooks'
import { Icon } from '@/components/Icon'
import { AccountMenu } from './AccountMenu'
import { BellCount } from './BellCount'
import { LanguageSwitch } from './LanguageSwitch'
import { places } from './links'

function Lotus() {
  return (
    <svg viewBox="0 0 32 32" width="36" height="36" aria-hidden="true" focusable="false">
      <path className="lotus-heart" d="M16 5c3.500 3.500 5 7.500 5 11s-1.800 7-5 9.500c-3.200-2.500-5-6-5-9.500s1.500-7.500 5-11z" />
      <path className="lotus-leaf" d="M9 11c-1 5.500.5 10.500 5.500 14C9 26 4.500 22 4 16c1.700-.3 3.500-2 5-5zm14 0c1 5.500-.5 10.500-5.500 14 5.500 1 10-3 10.500-9-1.700-.3-3.500-2-5-5z" />
    </svg>
  )
}

export function NoticesBell() {
  const { t } = useTranslation()
  const { rows } = useNotices({ unread: '1', limit: '20' })
  return (
    <NavLink to="/thong-bao" className="masthead-item">
      <Icon name="bell" />
      <span>{t('nav.notices')}</span>
      <BellCount count={rows.length} />
    </NavLink>
  )
}

export function Masthead({ dense }: { dense: boolean }) {
  const { t } = useTranslation()
  const { data: me } = useMe()
  return (
    <header className="masthead">
      <div className="masthead-row">
        <Link to={dense ? '/can-bo' : '/'} className="brand">
          <Lotus />
          <span className="brand-words">
            <span className="brand-name">{t('app.name')}</span>
            <span className="brand-city">{t('app.city')}</span>
          </span>
        </Link>
        <div className="masthead-side">
          <span className={me ? 'wide-only' : undefined}><LanguageSwitch /></span>
          {me ? <span className="wide-only"><NoticesBell /></span> : null}
          {me ? <AccountMenu me={me} dense={dense} /> : <Link to="/dang-nhap" className="masthead-item">{t('nav.sign_in')}</Link>}
        </div>
      </div>
      {dense ? null : (
        <nav className="places" aria-label={t('app.main_menu')}>
          {places.map(({ to, name }) => <NavLink key={to} to={to} end={to === '/'}>{t(`nav.${name}`)}</NavLink>)}
          <NavLink to="/tra-cuu">{t('nav.track')}</NavLink>
        </nav>
      )}
      {me?.demo ? <p className="demo-band">{t('app.demo')}</p> : null}
    </header>
  )
}
