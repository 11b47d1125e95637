import { useEffect } from 'react'
import type { QueryClient } from '@tanstack/react-query'
import { useQueryClient } from '@tanstack/react-query'
import { address } from './http'
import { keys } from './hooks'
import type { Notice, Status } from './types'

export interface CaseNews {
  code: string
  version: number
  status: Status
}

type Listener = { case?: (news: CaseNews) => void; notice?: (news: Pick<Notice, 'id' | 'title'>) => void }
const listeners = new Set<Listener>()

/** Be told of the caller's events, beside the refresh that happens anyway (for announcing them to a screen reader). */
export function useNews(listener: Listener): void {
  useEffect(() => {
    listeners.add(listener)
    return () => {
      listeners.delete(listener)
    }
  }, [listener])
}

function refreshLists(client: QueryClient): void {
  void client.invalidateQueries({ queryKey: ['cases'] })
  void client.invalidateQueries({ queryKey: ['notices'] })
}

/** The caller's feed: whatever changed is read again. The browser reconnects by itself; what was missed is read then. */
export function useLive(signedIn: boolean): void {
  const client = useQueryClient()
  useEffect(() => {
    if (!signedIn || typeof EventSource === 'undefined') return
    const source = new EventSource(address('/events'), { withCredentials: true })
    let opened = false
    source.onopen = () => {
      if (opened) {
        refreshLists(client)
        void client.invalidateQueries({ queryKey: ['case'] })
      }
      opened = true
    }
    source.addEventListener('case', (event) => {
      const news = JSON.parse(event.data as string) as CaseNews
      const known = client.getQueryData<{ version: number }>(keys.case(news.code))
      // Our own writes come back as news too: what is already on the screen is not read again.
      if (!known || known.version < news.version) void client.invalidateQueries({ queryKey: keys.case(news.code) })
      void client.invalidateQueries({ queryKey: keys.slips(news.code) })
      void client.invalidateQueries({ queryKey: ['track', news.code] })
      if (news.status >= 9) void client.invalidateQueries({ queryKey: keys.vault })
      refreshLists(client)
      listeners.forEach((listener) => listener.case?.(news))
    })
    source.addEventListener('notice', (event) => {
      const news = JSON.parse(event.data as string) as Pick<Notice, 'id' | 'title'>
      void client.invalidateQueries({ queryKey: ['notices'] })
      listeners.forEach((listener) => listener.notice?.(news))
    })
    return () => source.close()
  }, [signedIn, client])
}
