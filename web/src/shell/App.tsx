import { lazy, Suspense } from 'react'
import { Route, Routes } from 'react-router'
import { useMe } from '@/api/hooks'
import { useLive } from '@/api/live'
import { Loading } from '@/components/Loading'
import { RequireSignIn } from '@/session/RequireSignIn'
import { Layout } from './Layout'
import { NotFound } from './NotFound'

const Home = lazy(() => import('@/citizen/Home'))
const SignIn = lazy(() => import('@/session/SignIn'))
const Officer = lazy(() => import('@/officer'))

/** Routes are split by role: nobody loads another's pages. */
export function App() {
  const { data: me } = useMe()
  useLive(Boolean(me))
  return (
    <Suspense fallback={<Loading />}>
      <Routes>
        <Route element={<Layout />}>
          <Route index element={<Home />} />
          <Route path="dang-nhap" element={<SignIn />} />
          <Route path="can-bo/*" element={<RequireSignIn officer><Officer /></RequireSignIn>} />
          <Route path="*" element={<NotFound />} />
        </Route>
      </Routes>
    </Suspense>
  )
}
