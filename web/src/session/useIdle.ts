import { useEffect } from 'react'
import type { Me } from '@/api/types'
import { useSignOut } from './session'

const signs = ['pointerdown', 'keydown', 'wheel', 'touchstart'] as const
const LOOK_MS = 15_000

/**
 * A desk left alone is closed: the server ends a session that asks for nothing, but an open page asks by itself (lists
 * that refresh), so the client watches the hands.
 */
export function useIdle(me: Me | null | undefined): void {
  const { mutate } = useSignOut()
  const minutes = me?.idle_minutes ?? 0
  useEffect(() => {
    if (!minutes) return
    let last = Date.now()
    const moved = () => { last = Date.now() }
    const look = () => { if (Date.now() - last >= minutes * 60_000) mutate() }
    signs.forEach((sign) => window.addEventListener(sign, moved, { passive: true }))
    const timer = window.setInterval(look, LOOK_MS)
    return () => {
      signs.forEach((sign) => window.removeEventListener(sign, moved))
      window.clearInterval(timer)
    }
  }, [minutes, mutate])
}
