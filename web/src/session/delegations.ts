import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { call } from '@/api/http'
import type { Coded, Page } from '@/api/types'

interface Named {
  id: string
  name: string
}
interface Role {
  id: string
  title: string
}

export interface Delegation {
  id: string
  lender: Named
  agent: Named
  unit: Coded | null
  role: Role
  from: string
  until: string
  reason: string | null
  state: 'active' | 'later' | 'expired' | 'ended'
  /** What it is to the caller: lent by them, lent to them, or of another officer of the unit they head. */
  side: 'given' | 'taken' | 'unit'
  may_end: boolean
}

export interface Choice {
  unit: Coded
  head: boolean
  officers: (Named & { roles: Role[] })[]
}

export interface Lending {
  unit: string
  agent: string
  lender?: string
  from?: string
  to: string
  reason?: string
}

const key = ['delegations'] as const

export const useDelegations = () => useQuery({ queryKey: key, queryFn: ({ signal }) => call<Page<Delegation>>('/delegations', { signal }) })
export const useDelegationChoices = () =>
  useQuery({ queryKey: ['delegation-choices'], queryFn: ({ signal }) => call<Page<Choice>>('/delegation-choices', { signal }) })

function useChange<In>(send: (input: In) => Promise<{ items: Delegation[] }>) {
  const client = useQueryClient()
  return useMutation({ mutationFn: send, onSuccess: () => client.invalidateQueries({ queryKey: key }) })
}

export const useLend = () => useChange((body: Lending) => call<{ items: Delegation[] }>('/delegations', { method: 'POST', body }))
export const useEndDelegation = () => useChange((id: string) => call<{ items: Delegation[] }>(`/delegations/${id}/actions/end`, { method: 'POST' }))
