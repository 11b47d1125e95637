import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { keys } from '@/api/hooks'
import { call } from '@/api/http'

export interface OwnAccount {
  user: string
  password_at: string | null
  otp: { enrolled: boolean; compulsory: boolean; recovery_left: number }
  rules: { length: number; classes: number }
}

const own = ['own-account'] as const

export const useOwnAccount = () => useQuery({ queryKey: own, queryFn: ({ signal }) => call<OwnAccount>('/me/account', { signal }) })

/** What an account does to itself changes what it must still do. */
function useOwn<In, Out>(path: string, method: 'POST' | 'PUT', reread = true) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (body: In) => call<Out>(path, { method, body }),
    onSuccess: async () => {
      if (!reread) return
      await client.invalidateQueries({ queryKey: own })
      await client.invalidateQueries({ queryKey: keys.me })
    },
  })
}

export const useChangePassword = () => useOwn<{ password: string; new_password: string }, undefined>('/me/password', 'PUT')
export const useEnrolOtp = () =>
  useOwn<{ password: string }, { secret: string; uri: string; qr: { size: number; path: string } }>('/me/otp', 'POST', false)
export const useConfirmOtp = () => useOwn<{ otp: string }, { recovery_codes: string[] }>('/me/otp/confirm', 'POST')
export const useRemoveOtp = () => useOwn<{ password: string }, undefined>('/me/otp/remove', 'POST')
