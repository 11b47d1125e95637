import {
  MutationCache, QueryCache, QueryClient, useInfiniteQuery, useMutation, useQuery, useQueryClient, type InfiniteData,
} from '@tanstack/react-query'
import { useEffect } from 'react'
import { call, newKey, Problem } from './http'
import type {
  Board,
  Access, Case, CaseEvent, CaseRow, Check, Draft, Entry, HandOver, JsonObject, Me, Notice, Page, Queue, QueueCall, Service, ServiceForm, ServiceRow, Share, Shared, ShipmentView, Slip, Ticket, Track, Unit, Vault,
} from './types'

/** A session that ended anywhere has ended everywhere: pages that need one then ask to sign in again. */
function noteSignedOut(error: unknown): void {
  if (error instanceof Problem && error.status === 401 && queryClient.getQueryData(keys.me)) queryClient.setQueryData(keys.me, null)
}

/** Problems the person must act on are not repeated; a lost network is, when it comes back. */
export const queryClient = new QueryClient({
  queryCache: new QueryCache({ onError: noteSignedOut }),
  mutationCache: new MutationCache({ onError: noteSignedOut }),
  defaultOptions: {
    queries: {
      staleTime: 30_000,
      retry: (count, error) => error instanceof Problem && (error.offline || error.status >= 502) && count < 2,
      refetchOnWindowFocus: true,
    },
    mutations: { retry: false, networkMode: 'always' },
  },
})

export const keys = {
  me: ['me'] as const,
  services: (query: JsonObject) => ['services', query] as const,
  service: (code: string) => ['service', code] as const,
  form: (code: string, unit: string | null, onBehalfOf: string | null) => ['form', code, unit, onBehalfOf] as const,
  units: (query: JsonObject) => ['units', query] as const,
  cases: (query: JsonObject) => ['cases', query] as const,
  board: (unit: string) => ['cases', 'board', unit] as const, // news of cases asks for it again
  case: (code: string) => ['case', code] as const,
  events: (code: string) => ['case', code, 'events'] as const,
  slips: (code: string) => ['case', code, 'slips'] as const,
  shipment: (code: string) => ['case', code, 'shipment'] as const,
  handOvers: (code: string) => ['case', code, 'hand-overs'] as const,
  troubles: (unit: string) => ['cases', 'troubles', unit] as const,
  entries: (code: string, q: string) => ['case', code, 'entries', q] as const,
  track: (code: string, pin: string) => ['track', code, pin] as const,
  notices: (query: JsonObject) => ['notices', query] as const,
  drafts: ['drafts'] as const,
  vault: ['vault'] as const,
  accessLog: ['access-log'] as const,
  shares: ['shares'] as const,
  queue: (unit: string) => ['queue', unit] as const,
  shared: (token: string) => ['shared', token] as const,
}

type Query = Record<string, string | undefined>

const PAGE_ROWS = 50
const PAGES_BY_ITSELF = 10

/** A page may end before it is full and lead on, where few of many are wanted: then the next ones are read by themselves. */
const goesOn = (pages: readonly Page<unknown>[], wanted: number): boolean =>
  pages.length < PAGES_BY_ITSELF && pages.reduce((sum, page) => sum + page.items.length, 0) < wanted

/** A list that grows by its cursor; `rows` is what has been read so far. */
function usePages<T>(key: readonly unknown[], path: string, query: Query, enabled = true) {
  const found = useInfiniteQuery<Page<T>, Error, InfiniteData<Page<T>>, readonly unknown[], string | undefined>({
    queryKey: key,
    queryFn: ({ pageParam, signal }) => call<Page<T>>(path, { query: { ...query, cursor: pageParam }, signal }),
    initialPageParam: undefined,
    getNextPageParam: (last) => last.next ?? undefined,
    enabled,
  })
  const { data, hasNextPage, isFetching, isError, fetchNextPage } = found
  const isShort = data !== undefined && hasNextPage && !isFetching && !isError && goesOn(data.pages, Number(query.limit ?? PAGE_ROWS))
  useEffect(() => {
    if (isShort) void fetchNextPage()
  }, [isShort, fetchNextPage])
  return { ...found, rows: data?.pages.flatMap((page) => page.items) ?? [] }
}

/** The session's cookie is out of reach; beside it stands one that says there is a session. A stranger asks nothing. */
const SIGNED_IN = 'motcua_signed_in'
const saysSignedIn = (): boolean => document.cookie.split('; ').includes(`${SIGNED_IN}=1`)
const forgetSignedIn = (): void => { document.cookie = `${SIGNED_IN}=; Path=/; SameSite=Lax; Max-Age=0` }

/** The signed-in caller, or null. */
export function useMe() {
  return useQuery({
    queryKey: keys.me,
    queryFn: async ({ signal }) => {
      if (!saysSignedIn()) return null
      try {
        return await call<Me>('/me', { signal })
      } catch (error) {
        if (!(error instanceof Problem && error.status === 401)) throw error
        forgetSignedIn()
        return null
      }
    },
    staleTime: 5 * 60_000,
  })
}

export const isOfficer = (me: Me | null | undefined): boolean => me?.roles.some(({ role }) => role !== 'citizen') ?? false

export const useServices = (query: { q?: string; field?: string; level?: string; unit?: string; limit?: string }, enabled = true) =>
  usePages<ServiceRow>(keys.services(query), '/services', query, enabled)

export const useService = (code: string) =>
  useQuery({ queryKey: keys.service(code), queryFn: ({ signal }) => call<Service>(`/services/${encodeURIComponent(code)}`, { signal }) })

export const useServiceForm = (code: string, unit: string | null, onBehalfOf: string | null = null, enabled = true) =>
  useQuery({
    queryKey: keys.form(code, unit, onBehalfOf),
    queryFn: ({ signal }) =>
      call<ServiceForm>(`/services/${encodeURIComponent(code)}/form`, { query: { unit, on_behalf_of: onBehalfOf }, signal }),
    enabled,
  })

export const useUnits = (query: { q?: string; kind?: string; service?: string; limit?: string }, enabled = true) =>
  usePages<Unit>(keys.units(query), '/units', query, enabled)

export interface CaseQuery extends Query {
  box: 'mine' | 'inbox' | 'unit'
  status?: string
  q?: string
  late?: string
  silent?: string
  service?: string
  field?: string
  phone?: string
  unit?: string
  assignee?: string
  from?: string
  to?: string
  due_from?: string
  due_to?: string
  limit?: string
}

export const useCases = (query: CaseQuery, enabled = true) => usePages<CaseRow>(keys.cases(query), '/cases', query, enabled)

export const useBoard = (unit: string) =>
  useQuery({ queryKey: keys.board(unit), queryFn: ({ signal }) => call<Board>(`/units/${encodeURIComponent(unit)}/board`, { signal }), enabled: unit !== '' })

export const useCase = (code: string) =>
  useQuery({ queryKey: keys.case(code), queryFn: ({ signal }) => call<Case>(`/cases/${encodeURIComponent(code)}`, { signal }) })

export const useCaseEvents = (code: string) =>
  usePages<CaseEvent>(keys.events(code), `/cases/${encodeURIComponent(code)}/events`, { limit: '200' })

/** What is being drawn comes in a moment, with news of the case; whoever missed them asks again. */
export const useCaseSlips = (code: string) => {
  const found = useQuery({
    queryKey: keys.slips(code),
    queryFn: ({ signal }) => call<Page<Slip>>(`/cases/${encodeURIComponent(code)}/slips`, { signal }),
    refetchInterval: ({ state }) => (state.data?.items.some(({ number, document }) => number !== null && document === null) ? 2000 : false),
  })
  return { ...found, rows: found.data?.items ?? [] }
}

export const useEntries = (code: string, q: string, enabled = true) =>
  usePages<Entry>(keys.entries(code, q), `/cases/${encodeURIComponent(code)}/entries`, { q }, enabled)

export const useTrack = (code: string, pin: string) =>
  useQuery({
    queryKey: keys.track(code, pin),
    queryFn: ({ signal }) => call<Track>(`/track/${encodeURIComponent(code)}`, { query: { pin }, signal }),
    enabled: code !== '',
  })

export const useNotices = (query: { unread?: string; limit?: string }, enabled = true) =>
  usePages<Notice>(keys.notices(query), '/notices', query, enabled)

export const useVault = () => useQuery({ queryKey: keys.vault, queryFn: ({ signal }) => call<Vault>('/vault', { signal }) })

export const useShares = () => usePages<Share>(keys.shares, '/vault/shares', {})

export const useShared = (token: string) =>
  useQuery({ queryKey: keys.shared(token), queryFn: ({ signal }) => call<Shared>(`/shared/${encodeURIComponent(token)}`, { signal }), staleTime: 0 })

const QUEUE_EVERY_MS = 5000

/** The line before a counter, as it moves. */
export const useQueue = (unit: string) =>
  useQuery({
    queryKey: keys.queue(unit),
    queryFn: ({ signal }) => call<Queue>(`/units/${encodeURIComponent(unit)}/queue`, { signal }),
    enabled: unit !== '',
    refetchInterval: QUEUE_EVERY_MS,
  })

export function useTakeNumber(unit: string) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: () => call<Ticket>(`/units/${encodeURIComponent(unit)}/queue/tickets`, { method: 'POST' }),
    onSettled: () => client.invalidateQueries({ queryKey: keys.queue(unit) }),
  })
}

/** Calls who has waited longest to that desk. */
export function useCallNext(unit: string) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (desk: string) => call<QueueCall>(`/units/${encodeURIComponent(unit)}/queue/next`, { method: 'POST', body: { desk } }),
    onSettled: () => client.invalidateQueries({ queryKey: keys.queue(unit) }),
  })
}

const PARCEL_EVERY_MS = 10_000

/** A case's parcel. Its owner's page asks again while it is on its way; an officer's looks are logged, so that theirs asks
 *  when what it follows has changed. */
export const useShipment = (code: string, enabled: boolean, follow?: string) =>
  useQuery({
    queryKey: [...keys.shipment(code), follow],
    queryFn: ({ signal }) => call<ShipmentView>(`/cases/${encodeURIComponent(code)}/shipment`, { signal }),
    enabled,
    placeholderData: (before) => before,
    refetchInterval: ({ state }) => (follow === undefined && state.data?.shipment && state.data.shipment.state !== 'delivered' ? PARCEL_EVERY_MS : false),
  })

/** What of a case is handed over to other systems; what is not through is asked for again. */
export const useHandOvers = (code: string, enabled: boolean) => {
  const found = useQuery({
    queryKey: keys.handOvers(code),
    queryFn: ({ signal }) => call<Page<HandOver>>(`/cases/${encodeURIComponent(code)}/hand-overs`, { signal }),
    enabled,
    refetchInterval: ({ state }) => (state.data?.items.some((one) => one.state === 'waiting' || one.state === 'failed') ? PARCEL_EVERY_MS / 4 : false),
  })
  return { ...found, rows: found.data?.items ?? [] }
}

/** What of a unit's does not get through. */
export const useTroubles = (unit: string) => usePages<HandOver>(keys.troubles(unit), `/units/${encodeURIComponent(unit)}/hand-overs`, { only: 'trouble' }, unit !== '')

interface ParcelCall { path: string; body: JsonObject }

/** Posts a parcel, records where it is, acts on its order: whatever follows is read again. */
export function useParcelCall(code: string) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: ({ path, body }: ParcelCall) => call<unknown>(path, { method: 'POST', body, idempotencyKey: newKey() }),
    onSettled: () => Promise.all([client.invalidateQueries({ queryKey: keys.case(code) }), client.invalidateQueries({ queryKey: ['cases'] })]),
  })
}

export const useAccessLog = () => usePages<Access>(keys.accessLog, '/vault/access-log', {})

export const useDrafts = (enabled = true) =>
  useQuery({
    queryKey: keys.drafts,
    queryFn: async ({ signal }) => {
      const answer = await call<Page<Draft> | Draft[]>('/drafts', { signal })
      return Array.isArray(answer) ? answer : answer.items
    },
    enabled,
  })

export const check = (service: string, body: JsonObject) =>
  call<Check>(`/services/${encodeURIComponent(service)}/check`, { method: 'POST', body })

export interface ActionCall extends JsonObject {
  note?: string
  form?: JsonObject
  papers?: unknown[]
  assignee?: string
  step?: string
  /** Key of the book entry found. */
  entry?: string
  due_at?: string
  /** Why a second supplement is asked for. */
  override?: string
  /** Whole đồng. */
  amount?: number
  /** Codes of the units asked. */
  units?: string[]
  /** Who signs for the result. */
  receiver?: { name: string; relation: string; proof?: string }
}

/** An action on a case, naming the version that was seen. What came back is shown at once, lists are read again. */
export function useAction(code: string) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: ({ action, version, body }: { action: string; version: number; body: ActionCall }) =>
      call<Case>(`/cases/${encodeURIComponent(code)}/actions/${encodeURIComponent(action)}`, {
        method: 'POST', body, ifMatch: version, idempotencyKey: newKey(),
      }),
    onSuccess: async (fresh) => {
      client.setQueryData(keys.case(code), fresh)
      await Promise.all([
        client.invalidateQueries({ queryKey: keys.events(code) }),
        client.invalidateQueries({ queryKey: keys.slips(code) }),
        client.invalidateQueries({ queryKey: ['cases'] }),
        client.invalidateQueries({ queryKey: ['notices'] }),
        client.invalidateQueries({ queryKey: keys.vault }),
      ])
    },
    // A stale version: show what is there now beside the refusal.
    onError: (error) => {
      if (error instanceof Problem && (error.status === 409 || error.status === 412))
        void client.invalidateQueries({ queryKey: keys.case(code) })
    },
  })
}

export function useReadNotices() {
  const client = useQueryClient()
  return useMutation({
    /** One notice's id, or 'all'. */
    mutationFn: (id: string) =>
      call<unknown>(id === 'all' ? '/notices/read-all' : `/notices/${encodeURIComponent(id)}/read`, { method: 'POST' }),
    onSuccess: () => client.invalidateQueries({ queryKey: ['notices'] }),
  })
}
