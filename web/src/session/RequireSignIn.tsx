import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, Navigate, useLocation } from 'react-router'
import { isOfficer, useMe } from '@/api/hooks'
import { Loading } from '@/components/Loading'
import { ProblemView } from '@/components/Problems'

/** Pages for someone: without a session they lead to the sign-in page, which leads back here. */
export function RequireSignIn({ children, officer = false }: { children: ReactNode; officer?: boolean }) {
  const { t } = useTranslation()
  const { pathname, search } = useLocation()
  const { data: me, error, isPending, refetch } = useMe()
  if (isPending) return <div className="page"><Loading /></div>
  if (error && !me) return <div className="page"><ProblemView error={error} onRetry={() => void refetch()} /></div>
  if (!me) return <Navigate to={`/dang-nhap?ve=${encodeURIComponent(pathname + search)}`} replace />
  if (me.duties.length > 0 && pathname !== '/tai-khoan') return <Navigate to="/tai-khoan" replace />
  if (officer && !isOfficer(me))
    return (
      <div className="page">
        <h1>{t('problem.forbidden_title')}</h1>
        <p><Link to="/">{t('problem.go_home')}</Link></p>
      </div>
    )
  return children
}
