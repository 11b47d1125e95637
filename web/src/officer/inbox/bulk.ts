import { useQueryClient, type QueryClient } from '@tanstack/react-query'
import { useEffect, useEffectEvent, useState } from 'react'
import { call, newKey, Problem } from '@/api/http'
import { keys } from '@/api/hooks'
import type { Case, CaseRow, Me } from '@/api/types'
import { holds } from '../api'

/** What needs nothing and may be done to many at once. */
export const bulkActions = ['receive', 'hand-over'] as const
export type BulkAction = (typeof bulkActions)[number]

/** Lists do not carry the legal actions; the national status and the step's role tell these two. The server has the last word. */
const statusFor: Record<BulkAction, number> = { receive: 1, 'hand-over': 2 }
export const fits = (action: BulkAction, row: CaseRow, me: Me): boolean =>
  row.status === statusFor[action] && row.step !== null && holds(me, row.step.role, row.unit.code)

export interface Outcome {
  code: string
  /** The step it is at now, when it went well. */
  step: string | null
  error: unknown
}

type State =
  | { at: 'idle' }
  | { at: 'pending'; action: BulkAction; rows: CaseRow[]; seconds: number }
  | { at: 'undone' }
  | { at: 'running'; action: BulkAction; all: number; done: number }
  | { at: 'done'; action: BulkAction; outcomes: Outcome[] }

/** The time to change one's mind: what is sent is in the log of each case for good. */
const SECONDS = 4

async function act(client: QueryClient, action: BulkAction, rows: readonly CaseRow[], onEach: () => void): Promise<Outcome[]> {
  const outcomes: Outcome[] = []
  for (const { code, version } of rows) {
    try {
      const fresh = await call<Case>(`/cases/${encodeURIComponent(code)}/actions/${action}`, {
        method: 'POST', body: {}, ifMatch: version, idempotencyKey: newKey(),
      })
      client.setQueryData(keys.case(code), fresh)
      outcomes.push({ code, step: fresh.step?.title ?? fresh.status_title ?? '', error: null })
    } catch (error) {
      outcomes.push({ code, step: null, error })
      if (error instanceof Problem && error.offline) {
        for (const left of rows.slice(outcomes.length)) outcomes.push({ code: left.code, step: null, error })
        break
      }
    }
    onEach()
  }
  await client.invalidateQueries({ queryKey: ['cases'] })
  return outcomes
}

export function useBulk() {
  const client = useQueryClient()
  const [state, setState] = useState<State>({ at: 'idle' })

  const run = async (action: BulkAction, rows: CaseRow[]) => {
    setState({ at: 'running', action, all: rows.length, done: 0 })
    const outcomes = await act(client, action, rows, () => setState((was) => (was.at === 'running' ? { ...was, done: was.done + 1 } : was)))
    setState({ at: 'done', action, outcomes })
  }
  const tick = useEffectEvent(() => {
    if (state.at !== 'pending') return
    if (state.seconds > 1) setState({ ...state, seconds: state.seconds - 1 })
    else void run(state.action, state.rows)
  })
  // Whoever goes on to another page has made up their mind.
  const leave = useEffectEvent(() => {
    if (state.at === 'pending') void act(client, state.action, state.rows, () => undefined)
  })
  const pending = state.at === 'pending'
  useEffect(() => {
    if (!pending) return
    const timer = setInterval(() => tick(), 1000)
    const hold = (event: BeforeUnloadEvent) => event.preventDefault()
    window.addEventListener('beforeunload', hold)
    return () => {
      clearInterval(timer)
      window.removeEventListener('beforeunload', hold)
    }
  }, [pending])
  useEffect(() => () => leave(), [])

  return {
    state,
    start: (action: BulkAction, rows: CaseRow[]) => {
      if (rows.length > 0 && state.at !== 'running') {
        if (state.at === 'pending') void act(client, state.action, state.rows, () => undefined)
        setState({ at: 'pending', action, rows, seconds: SECONDS })
      }
    },
    undo: () => {
      if (state.at === 'pending') setState({ at: 'undone' })
    },
    now: () => {
      if (state.at === 'pending') void run(state.action, state.rows)
    },
    dismiss: () => {
      if (state.at === 'done' || state.at === 'undone') setState({ at: 'idle' })
    },
  }
}
