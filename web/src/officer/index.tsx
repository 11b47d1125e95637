import { lazy, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Navigate, NavLink, Route, Routes, useNavigate } from 'react-router'
import { useMe } from '@/api/hooks'
import type { Me } from '@/api/types'
import { want } from '@/i18n'
import { NotFound } from '@/shell/NotFound'
import { holds } from './api'
import { Help } from './Help'
import Inbox from './inbox/Inbox'
import { useKeys } from './keys'
import './officer.css'

await want('officer')

const CasePage = lazy(() => import('./case/CasePage'))
const Intake = lazy(() => import('./intake/Intake'))
const Overview = lazy(() => import('./head/Overview'))
const Definitions = lazy(() => import('./setup/Definitions'))
const Editor = lazy(() => import('./setup/Editor'))
const Register = lazy(() => import('./register/Register'))
const SigningDesk = lazy(() => import('./signing/SigningDesk'))

const leads = (me: Me | null | undefined): boolean => holds(me, 'unit-head') || holds(me, 'signatory') || holds(me, 'supervisor')
const registers = (me: Me): boolean => holds(me, 'one-stop') || holds(me, 'clerk') || holds(me, 'unit-head')
/** Administrators keep the house and do no casework: they have no inbox. */
const onlySetsUp = (me: Me): boolean => holds(me, 'admin') && !me.rights.includes('case-read')

function Places({ me, onHelp }: { me: Me; onHelp: () => void }) {
  const { t } = useTranslation('officer')
  const post = me.roles.filter(({ role }) => role !== 'citizen').map(({ role, unit }) => [t(`role.${role}`), unit?.name].filter(Boolean).join(', '))
  return (
    <div className="desk-bar no-print">
      <nav aria-label={t('nav.label')}>
        {onlySetsUp(me) ? null : <NavLink to="/can-bo" end>{t('nav.inbox')}</NavLink>}
        {holds(me, 'one-stop') ? <NavLink to="/can-bo/tiep-nhan">{t('nav.intake')}</NavLink> : null}
        {holds(me, 'signatory') ? <NavLink to="/can-bo/ky-so">{t('nav.signing')}</NavLink> : null}
        {registers(me) ? <NavLink to="/can-bo/so-theo-doi">{t('nav.register')}</NavLink> : null}
        {leads(me) ? <NavLink to="/can-bo/tong-quan">{t('nav.overview')}</NavLink> : null}
        {holds(me, 'admin') ? <NavLink to="/can-bo/cau-hinh">{t('nav.setup')}</NavLink> : null}
      </nav>
      <p className="desk-post">{[...new Set(post)].join(' · ')}</p>
      <button type="button" className="desk-help" onClick={onHelp}>{t('nav.keys')} <kbd>?</kbd></button>
    </div>
  )
}

/** The officers' pages, under /can-bo; everything here and below is loaded only for officers. */
export default function Officer() {
  const { data: me } = useMe()
  const navigate = useNavigate()
  const [help, setHelp] = useState(false)
  useKeys({
    '?': () => setHelp(true),
    i: () => void navigate('/can-bo'),
    c: holds(me, 'one-stop') ? () => void navigate('/can-bo/tiep-nhan') : undefined,
  })
  if (!me) return null
  return (
    <>
      <Places me={me} onHelp={() => setHelp(true)} />
      <Routes>
        <Route index element={onlySetsUp(me) ? <Navigate to="/can-bo/cau-hinh" replace /> : <Inbox me={me} />} />
        <Route path="ho-so/:code" element={<CasePage />} />
        <Route path="tiep-nhan" element={<Intake me={me} />} />
        {holds(me, 'signatory') ? <Route path="ky-so" element={<SigningDesk me={me} />} /> : null}
        {registers(me) ? <Route path="so-theo-doi" element={<Register me={me} />} /> : null}
        {leads(me) ? <Route path="tong-quan" element={<Overview me={me} />} /> : null}
        {holds(me, 'admin') ? <Route path="cau-hinh" element={<Definitions />} /> : null}
        {holds(me, 'admin') ? <Route path="cau-hinh/:kind/:key" element={<Editor />} /> : null}
        <Route path="*" element={<NotFound />} />
      </Routes>
      <Help opened={help} onClose={() => setHelp(false)} />
    </>
  )
}
