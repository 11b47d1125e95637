import { useEffect, useMemo, useState, useSyncExternalStore } from 'react'
import { call, Problem } from '@/api/http'
import type { Draft, Page } from '@/api/types'
import { DraftKeeper, freshDraft, newest, readLocal } from './draft'

/** The draft to go on with: this device's or the city's, whichever is right. null while that is being found out. */
export function useDraftKeeper(user: string, service: string, behalf: string | null = null): { keeper: DraftKeeper | null; resumedAt: string | null } {
  const [found, setFound] = useState<{ keeper: DraftKeeper; resumedAt: string | null } | null>(null)
  useEffect(() => {
    const control = new AbortController()
    const owner = behalf ? `${user}~${behalf}` : user
    const start = (remote: Draft | null) => {
      if (control.signal.aborted) return
      const draft = newest(readLocal(owner, service), remote, service)
      setFound({ keeper: new DraftKeeper(owner, draft ?? freshDraft(service), !behalf), resumedAt: draft?.saved_at ?? null })
    }
    if (behalf) {
      start(null)
      return () => control.abort()
    }
    // All of them: asking for one that is not there would be an error, and mostly it is not.
    call<Page<Draft>>('/drafts', { signal: control.signal }).then(
      ({ items }) => start(items.find((draft) => draft.service === service) ?? null),
      (error: unknown) => {
        // Offline: what this device has is enough to go on.
        if (error instanceof Problem) start(null)
      },
    )
    return () => control.abort()
  }, [user, service, behalf])
  return useMemo(() => ({ keeper: found?.keeper ?? null, resumedAt: found?.resumedAt ?? null }), [found])
}

export const useKept = (keeper: DraftKeeper) => useSyncExternalStore(keeper.subscribe, keeper.get)

const watchNetwork = (tell: () => void) => {
  window.addEventListener('online', tell)
  window.addEventListener('offline', tell)
  return () => {
    window.removeEventListener('online', tell)
    window.removeEventListener('offline', tell)
  }
}
export const useOnline = (): boolean => useSyncExternalStore(watchNetwork, () => navigator.onLine)
