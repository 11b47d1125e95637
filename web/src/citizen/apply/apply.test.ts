import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Draft, ServiceForm } from '@/api/types'
import { DraftKeeper, freshDraft, newest, readLocal, type LocalDraft } from './draft'
import { formOf, stepFor, stepsOf } from './steps'

const form: ServiceForm = {
  schema: { type: 'object', properties: { applicant: {}, copies: {}, purpose: {} } },
  ui: { pages: [{ id: 'who', title: 'Who', fields: ['applicant'] }, { id: 'what', title: 'What', fields: ['copies'] }] },
  data: { applicant: { name: 'Nguyễn Thị Hoa', phone: '0901' }, copies: 1 },
  locked: ['/applicant/name'],
  papers: [{ kind: 'identity-paper', title: '', required: true, document: null, source: null }],
  fee: null,
}
const titles = { unit: 'u', papers: 'p', delivery: 'd', review: 'r' }

describe('the way through an application', () => {
  const steps = stepsOf(form, titles)
  it('is where, each group, papers, the result, a last look; a field without a page is still asked', () => {
    expect(steps.map(({ id }) => id)).toEqual(['noi-nop', 'phan-who', 'phan-what', 'giay-to', 'nhan-ket-qua', 'xem-lai'])
    expect(steps[2]?.fields).toEqual(['copies', 'purpose'])
  })
  it.each([
    ['/form/copies', 'phan-what'],
    ['/copies', 'phan-what'],
    ['/applicant/name', 'phan-who'],
    ['/papers/0', 'giay-to'],
    ['/unit', 'noi-nop'],
    ['', undefined],
  ])('the server says %s: mended at %s', (pointer, id) => expect(stepFor(steps, { pointer })?.id).toBe(id))
})

it('what is locked is the city’s, whatever a draft says; what was typed stays', () =>
  expect(formOf(form, { applicant: { name: 'x', phone: '0902' }, copies: 3 })).toEqual({
    applicant: { name: 'Nguyễn Thị Hoa', phone: '0902' }, copies: 3,
  }))

describe('which draft goes on', () => {
  const local = (saved_at: string, sent: boolean): LocalDraft => ({ ...freshDraft('s'), form: { from: 'here' }, saved_at, sent })
  const remote = (saved_at: string): Draft => ({ service: 's', form: { from: 'city' }, saved_at })
  it.each([
    ['none there', local('2026-01-01', true), null, 'here'],
    ['none here', null, remote('2026-01-01'), 'city'],
    ['newer there', local('2026-01-01', true), remote('2026-01-02'), 'city'],
    ['newer there, but not all of ours was sent', local('2026-01-01', false), remote('2026-01-02'), 'here'],
    ['the same', local('2026-01-02', true), remote('2026-01-02'), 'here'],
  ])('%s', (_name, here, there, from) => expect(newest(here, there, 's')?.form).toEqual({ from }))
  it('keeps its key when the city’s copy is newer: a retry must not file twice', () => {
    const here = local('2026-01-01', true)
    expect(newest(here, remote('2026-01-02'), 's')?.key).toBe(here.key)
  })
})

describe('keeping a draft', () => {
  const kept = new Map<string, string>()
  let online = true
  const sent: unknown[] = []
  beforeEach(() => {
    vi.useFakeTimers()
    kept.clear()
    sent.length = 0
    online = true
    vi.stubGlobal('localStorage', {
      getItem: (name: string) => kept.get(name) ?? null, setItem: (name: string, value: string) => kept.set(name, value), removeItem: (name: string) => kept.delete(name),
    })
    vi.stubGlobal('window', new EventTarget())
    vi.stubGlobal('navigator', { get onLine() { return online } })
    vi.stubGlobal('fetch', (_address: string, { body }: { body?: string }) => {
      if (!online) return Promise.reject(new TypeError('offline'))
      if (body !== undefined) sent.push(JSON.parse(body))
      return Promise.resolve(new Response(null, { status: 204 }))
    })
  })
  afterEach(() => {
    vi.useRealTimers()
    vi.unstubAllGlobals()
  })

  it('is on the device at once and with the city a moment later', async () => {
    const keeper = new DraftKeeper('u', freshDraft('s'))
    keeper.change({ form: { copies: 2 } })
    expect(readLocal('u', 's')?.form).toEqual({ copies: 2 })
    expect(sent).toEqual([])
    await vi.advanceTimersByTimeAsync(1100)
    expect(sent).toEqual([{ form: { copies: 2 }, papers: [] }])
    expect(keeper.get().saving).toBe('saved')
  })
  it('survives a lost network and goes out by itself when it is back', async () => {
    const keeper = new DraftKeeper('u', freshDraft('s'))
    keeper.subscribe(() => undefined)
    online = false
    keeper.change({ form: { copies: 3 } })
    await vi.advanceTimersByTimeAsync(1100)
    expect(keeper.get().saving).toBe('local')
    expect(readLocal('u', 's')?.sent).toBe(false)
    online = true
    window.dispatchEvent(new Event('online'))
    await vi.advanceTimersByTimeAsync(10)
    expect(sent).toEqual([{ form: { copies: 3 }, papers: [] }])
    expect(keeper.get().saving).toBe('saved')
  })
  it('is gone once dropped, and nothing late brings it back', async () => {
    const keeper = new DraftKeeper('u', freshDraft('s'))
    keeper.change({ form: { copies: 4 } })
    await keeper.drop()
    await vi.advanceTimersByTimeAsync(20_000)
    expect(readLocal('u', 's')).toBeNull()
    expect(sent).toEqual([])
  })
})
