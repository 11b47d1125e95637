import { lazy, Suspense } from 'react'
import { Route, Routes } from 'react-router'
import { useMe } from '@/api/hooks'
import { useLive } from '@/api/live'
import { Loading } from '@/components/Loading'
import { RequireSignIn } from '@/session/RequireSignIn'
import { useIdle } from '@/session/useIdle'
import { Layout } from './Layout'
import { NotFound } from './NotFound'

const Home = lazy(() => import('@/citizen/Home'))
const Search = lazy(() => import('@/citizen/Search'))
const ServicePage = lazy(() => import('@/citizen/ServicePage'))
const Application = lazy(() => import('@/citizen/apply/Application'))
const Dossiers = lazy(() => import('@/citizen/Dossiers'))
const Dossier = lazy(() => import('@/citizen/Dossier'))
const Receipt = lazy(() => import('@/citizen/Receipt'))
const Vault = lazy(() => import('@/citizen/Vault'))
const Queue = lazy(() => import('@/citizen/Queue'))
const Shared = lazy(() => import('@/citizen/Shared'))
const Track = lazy(() => import('@/citizen/Track'))
const Notices = lazy(() => import('@/citizen/Notices'))
const Authorisations = lazy(() => import('@/citizen/Authorisations'))
const Delegations = lazy(() => import('@/session/Delegations'))
const Account = lazy(() => import('@/session/Account'))
const SignIn = lazy(() => import('@/session/SignIn'))
const Officer = lazy(() => import('@/officer'))

/** Routes are split by role: nobody loads another's pages. */
export function App() {
  const { data: me } = useMe()
  useLive(Boolean(me))
  useIdle(me)
  return (
    <Suspense fallback={<Loading />}>
      <Routes>
        <Route element={<Layout />}>
          <Route index element={<Home />} />
          <Route path="thu-tuc" element={<Search />} />
          <Route path="thu-tuc/:code" element={<ServicePage />} />
          <Route path="thu-tuc/:code/nop" element={<RequireSignIn><Application /></RequireSignIn>} />
          <Route path="ho-so" element={<RequireSignIn><Dossiers /></RequireSignIn>} />
          <Route path="ho-so/:code" element={<RequireSignIn><Dossier /></RequireSignIn>} />
          <Route path="ho-so/:code/da-nop" element={<RequireSignIn><Receipt /></RequireSignIn>} />
          <Route path="kho" element={<RequireSignIn><Vault /></RequireSignIn>} />
          <Route path="chia-se/:token" element={<Shared />} />
          <Route path="tra-cuu/:code?" element={<Track />} />
          <Route path="xep-hang/:unit" element={<Queue />} />
          <Route path="thong-bao" element={<RequireSignIn><Notices /></RequireSignIn>} />
          <Route path="uy-quyen" element={<RequireSignIn><Authorisations /></RequireSignIn>} />
          <Route path="uy-nhiem" element={<RequireSignIn officer><Delegations /></RequireSignIn>} />
          <Route path="tai-khoan" element={<RequireSignIn><Account /></RequireSignIn>} />
          <Route path="dang-nhap" element={<SignIn />} />
          <Route path="can-bo/*" element={<RequireSignIn officer><Officer /></RequireSignIn>} />
          <Route path="*" element={<NotFound />} />
        </Route>
      </Routes>
    </Suspense>
  )
}
