import { useEffect, useRef, useState, type KeyboardEvent, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useLocation } from 'react-router'
import { isOfficer } from '@/api/hooks'
import type { Me } from '@/api/types'
import { Icon } from '@/components/Icon'
import { useSignOut } from '@/session/session'

/** The given name comes last in a Vietnamese name; a phone has room for it alone. */
const givenName = (name: string): string => name.trim().split(/\s+/).at(-1) ?? name

/** A disclosure and not an ARIA menu: links stay links, Tab walks them, Escape closes and gives the focus back. */
export function AccountMenu({ me, dense }: { me: Me; dense: boolean }) {
  const { t } = useTranslation()
  const { pathname } = useLocation()
  const signOut = useSignOut()
  const [openOn, setOpenOn] = useState<string | null>(null)
  const box = useRef<HTMLDivElement>(null)
  const button = useRef<HTMLButtonElement>(null)
  // Going anywhere closes it.
  const open = openOn === pathname

  useEffect(() => {
    if (!open) return
    const outside = (event: PointerEvent) => {
      if (!box.current?.contains(event.target as Node)) setOpenOn(null)
    }
    document.addEventListener('pointerdown', outside)
    return () => document.removeEventListener('pointerdown', outside)
  }, [open])

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'Escape' || !open) return
    setOpenOn(null)
    button.current?.focus()
  }
  const item = (to: string, text: ReactNode) => <li><Link to={to} onClick={() => setOpenOn(null)}>{text}</Link></li>

  return (
    // eslint-disable-next-line jsx-a11y/no-static-element-interactions -- Escape reaches the box from the controls inside it
    <div className="account" ref={box} onKeyDown={onKeyDown}>
      <button
        type="button" ref={button} className="masthead-item" aria-expanded={open} aria-controls="account-menu"
        aria-label={`${t('app.account_menu')}: ${me.party.name}`} onClick={() => setOpenOn(open ? null : pathname)}
      >
        <Icon name="user" />
        <span className="wide-only">{me.party.name}</span>
        <span className="phone-only">{givenName(me.party.name)}</span>
        <Icon name="down" size={14} />
      </button>
      <div id="account-menu" className="account-menu" hidden={!open}>
        <p className="account-name">{me.party.name}</p>
        <ul>
          {isOfficer(me) ? item(dense ? '/' : '/can-bo', dense ? t('nav.citizen_side') : t('nav.officer')) : null}
          {item('/ho-so', t('nav.dossiers'))}
          {item('/kho', t('nav.vault'))}
          {item('/thong-bao', t('nav.notices'))}
          {me.rights.includes('authorise') ? item('/uy-quyen', t('authorise.title')) : null}
          {me.rights.includes('delegate') ? item('/uy-nhiem', t('delegate.title')) : null}
          {item('/tai-khoan', t('account.title'))}
          <li><button type="button" onClick={() => signOut.mutate()}>{t('nav.sign_out')}</button></li>
        </ul>
      </div>
    </div>
  )
}
