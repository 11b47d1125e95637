import { Suspense, useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { Outlet, useLocation } from 'react-router'
import { Loading } from '@/components/Loading'
import { Footer } from './Footer'
import { Masthead } from './Masthead'
import { PhoneBar } from './PhoneBar'

/**
 * On a change of page the focus goes to its heading (or to the content while it is still coming), so that a keyboard
 * and a screen reader start where the eyes do. Changes inside a page (tabs, steps) move their own focus.
 */
function useFocusOnArrival(path: string) {
  const first = useRef(true)
  useEffect(() => {
    if (first.current) {
      first.current = false
      return
    }
    window.scrollTo(0, 0)
    const content = document.getElementById('content')
    const give = () => {
      const heading = content?.querySelector<HTMLElement>('h1')
      if (!heading) return false
      heading.tabIndex = -1
      heading.focus({ preventScroll: true })
      return true
    }
    if (give() || !content) return
    content.focus({ preventScroll: true })
    const watch = new MutationObserver(() => {
      // Whoever has begun to type or tab is left alone.
      if (document.activeElement !== content || give()) watch.disconnect()
    })
    watch.observe(content, { childList: true, subtree: true })
    return () => watch.disconnect()
  }, [path])
}

export function Layout() {
  const { t } = useTranslation()
  const { pathname } = useLocation()
  const dense = pathname === '/can-bo' || pathname.startsWith('/can-bo/')
  useFocusOnArrival(pathname)
  useEffect(() => {
    document.documentElement.dataset.density = dense ? 'officer' : 'citizen'
  }, [dense])

  return (
    <>
      <a className="skip" href="#content">{t('app.skip')}</a>
      <Masthead dense={dense} />
      {dense ? null : <PhoneBar />}
      <main id="content" tabIndex={-1}>
        <Suspense fallback={<Loading />}>
          <Outlet />
        </Suspense>
      </main>
      {dense ? null : <Footer />}
    </>
  )
}
