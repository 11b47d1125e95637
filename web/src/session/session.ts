import { useMutation, useQueryClient, type QueryClient } from '@tanstack/react-query'
import { useNavigate } from 'react-router'
import { call } from '@/api/http'
import { isOfficer, keys } from '@/api/hooks'
import type { Me } from '@/api/types'
import { dropAllLocal } from '@/citizen/apply/draft'

/**
 * Nothing read for the one before may be shown to the one who came. Who it is stays in its place: whoever watches that
 * answer (the live feed does) would go on watching a forgotten one.
 */
function become(client: QueryClient, me: Me | null): void {
  client.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== keys.me[0] })
  client.setQueryData(keys.me, me)
}

/** The cookie is the session; the token in the reply is for programs and is not kept in the browser. */
export function useSignIn(back: string | null) {
  const client = useQueryClient()
  const navigate = useNavigate()
  return useMutation({
    mutationFn: async (body: { user: string; password: string; otp?: string }) => {
      await call<unknown>('/sessions', { method: 'POST', body })
      return call<Me>('/me')
    },
    onSuccess: (me) => {
      become(client, me)
      void navigate(me.duties.length > 0 ? '/tai-khoan' : (back ?? (isOfficer(me) ? '/can-bo' : '/')), { replace: true })
    },
  })
}

export function useSignOut() {
  const client = useQueryClient()
  const navigate = useNavigate()
  return useMutation({
    mutationFn: () => call<undefined>('/sessions', { method: 'DELETE' }),
    onSettled: () => {
      dropAllLocal()
      become(client, null)
      void navigate('/')
    },
  })
}

/** Only ways inside this client: what follows ?ve= came from the address and may be anyone's. */
export const wayBack = (given: string | null): string | null => (given && /^\/(?![/\\])/.test(given) ? given : null)
