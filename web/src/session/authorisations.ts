import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { call } from '@/api/http'
import type { Page, Service } from '@/api/types'

interface Side {
  kind: 'citizen' | 'organisation' | 'officer'
  name: string
  number: string | null
}

export interface Authorisation {
  id: string
  principal: Side
  agent: Side
  /** The caller is the agent. */
  mine: boolean
  legal: boolean
  service: string | null
  field: string | null
  from: string
  until: string | null
  state: 'offered' | 'active' | 'later' | 'expired' | 'ended'
}

export interface Giving {
  principal?: string
  agent: string
  service?: string
  field?: string
  to?: string
}

const key = ['authorisations'] as const

export const useAuthorisations = (enabled = true) =>
  useQuery({ queryKey: key, queryFn: ({ signal }) => call<Page<Authorisation>>('/authorisations', { signal }), enabled })

/** In whose name the caller may file this service now; each principal once. */
export function agenciesFor(given: Authorisation[] | undefined, service: Service | undefined): Authorisation[] {
  const found = new Map<string, Authorisation>()
  for (const one of given ?? []) {
    const fits = (!one.service && !one.field) || one.service === service?.code || (one.field !== null && one.field === service?.field)
    if (one.mine && one.state === 'active' && fits && one.principal.number) found.set(one.principal.number, one)
  }
  return [...found.values()]
}

function useChange<In>(send: (input: In) => Promise<Authorisation>) {
  const client = useQueryClient()
  return useMutation({ mutationFn: send, onSuccess: () => client.invalidateQueries({ queryKey: key }) })
}

export const useGive = () => useChange((body: Giving) => call<Authorisation>('/authorisations', { method: 'POST', body }))
export const useAuthorisationAct = () =>
  useChange(({ id, action }: { id: string; action: 'accept' | 'end' }) => call<Authorisation>(`/authorisations/${id}/actions/${action}`, { method: 'POST' }))
