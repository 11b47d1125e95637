import { call, newKey, Problem } from '@/api/http'
import type { Delivery, Draft, JsonObject } from '@/api/types'

/** An application being written, as this device keeps it. */
export interface LocalDraft {
  service: string
  unit: string | null
  page: string | null
  form: JsonObject
  papers: { kind: string; document: string; title: string }[]
  delivery: Delivery
  /** The Idempotency-Key of its submission: kept, so that a retry after a lost answer never makes two. */
  key: string
  saved_at: string
  /** Has the city this very state? */
  sent: boolean
}

const PREFIX = 'motcua.draft.'
const nameOf = (user: string, service: string): string => `${PREFIX}${user}.${service}`

export const freshDraft = (service: string): LocalDraft => ({
  service, unit: null, page: null, form: {}, papers: [], delivery: 'vault', key: newKey(), saved_at: '', sent: true,
})

function readText(text: string | null): LocalDraft | null {
  if (text === null) return null
  try {
    return JSON.parse(text) as LocalDraft
  } catch {
    return null
  }
}

export function readLocal(user: string, service: string): LocalDraft | null {
  try {
    return readText(localStorage.getItem(nameOf(user, service)))
  } catch {
    return null
  }
}

function writeLocal(user: string, draft: LocalDraft): void {
  try {
    localStorage.setItem(nameOf(user, draft.service), JSON.stringify(draft))
  } catch {
    /* a full or forbidden storage: the city's copy is still made */
  }
}

export function dropLocal(user: string, service: string): void {
  try {
    localStorage.removeItem(nameOf(user, service))
  } catch {
    /* nothing was kept */
  }
}

export function localDrafts(user: string): LocalDraft[] {
  try {
    return Object.keys(localStorage)
      .filter((name) => name.startsWith(`${PREFIX}${user}.`))
      .map((name) => readText(localStorage.getItem(name)))
      .filter((draft) => draft !== null)
  } catch {
    return []
  }
}

/** On signing out nothing of a person's stays on what may be a shared machine. */
export function dropAllLocal(): void {
  try {
    for (const name of Object.keys(localStorage)) if (name.startsWith(PREFIX)) localStorage.removeItem(name)
  } catch {
    /* nothing was kept */
  }
}

/** What this device kept against what the city kept: unsent work wins, then the newer. */
export function newest(local: LocalDraft | null, remote: Draft | null, service: string): LocalDraft | null {
  if (!remote) return local
  if (local && (!local.sent || local.saved_at >= remote.saved_at)) return local
  const titles = new Map(local?.papers.map(({ document, title }) => [document, title]))
  return {
    ...(local ?? freshDraft(service)),
    unit: remote.unit ?? null, page: remote.page ?? null, form: remote.form,
    papers: (remote.papers ?? []).map(({ kind, document }) => ({ kind, document, title: titles.get(document) ?? kind })),
    saved_at: remote.saved_at, sent: true,
  }
}

export type Saving = 'untouched' | 'saving' | 'saved' | 'local'
export interface Kept {
  draft: LocalDraft
  saving: Saving
}

const WAIT = 1000
const AGAIN = 15_000

/** Keeps a draft: on this device at once, with the city a moment later, again and again until it is there. */
export class DraftKeeper {
  private kept: Kept
  private timer: ReturnType<typeof setTimeout> | undefined
  private sending = false
  private stopped = false
  private readonly told = new Set<() => void>()
  private readonly user: string
  /** The city keeps one draft a person and service: what is written in another's name stays on this device. */
  private readonly remote: boolean

  constructor(user: string, draft: LocalDraft, remote = true) {
    this.user = user
    this.remote = remote
    this.kept = { draft, saving: draft.saved_at === '' ? 'untouched' : draft.sent ? 'saved' : 'local' }
  }

  readonly get = (): Kept => this.kept

  readonly subscribe = (tell: () => void): (() => void) => {
    this.told.add(tell)
    if (this.remote) window.addEventListener('online', this.sendNow)
    if (!this.kept.draft.sent && this.remote) this.later(0)
    return () => {
      this.told.delete(tell)
      window.removeEventListener('online', this.sendNow)
    }
  }

  change(patch: Partial<Omit<LocalDraft, 'service' | 'key' | 'saved_at' | 'sent'>>): void {
    const draft = { ...this.kept.draft, ...patch, saved_at: new Date().toISOString(), sent: false }
    writeLocal(this.user, draft)
    this.show({ draft, saving: this.remote && navigator.onLine ? 'saving' : 'local' })
    if (this.remote) this.later(WAIT)
  }

  /** Nothing is kept any more: it was submitted, or thrown away. */
  async drop(): Promise<void> {
    this.stopped = true
    clearTimeout(this.timer)
    dropLocal(this.user, this.kept.draft.service)
    if (this.remote) await call(this.path(), { method: 'DELETE' }).catch(() => undefined)
  }

  private path(): string {
    return `/drafts/${encodeURIComponent(this.kept.draft.service)}`
  }

  private show(kept: Kept): void {
    this.kept = kept
    this.told.forEach((tell) => tell())
  }

  private later(wait: number): void {
    clearTimeout(this.timer)
    this.timer = setTimeout(this.sendNow, wait)
  }

  private readonly sendNow = (): void => {
    clearTimeout(this.timer)
    if (!this.stopped && !this.sending && !this.kept.draft.sent) void this.send()
  }

  private async send(): Promise<void> {
    const { draft } = this.kept
    this.sending = true
    try {
      await call(this.path(), {
        method: 'PUT',
        body: { unit: draft.unit ?? undefined, page: draft.page ?? undefined, form: draft.form, papers: draft.papers.map(({ kind, document }) => ({ kind, document })) },
      })
      this.sending = false
      // Typing went on while it was sent: what is newer goes next.
      if (this.kept.draft.saved_at !== draft.saved_at) return this.later(WAIT)
      const sent = { ...this.kept.draft, sent: true }
      if (!this.stopped) writeLocal(this.user, sent)
      this.show({ draft: sent, saving: 'saved' })
    } catch (error) {
      this.sending = false
      this.show({ draft: this.kept.draft, saving: 'local' })
      // A refusal will be a refusal again; a lost network comes back.
      if (error instanceof Problem && (error.offline || error.status >= 500)) this.later(AGAIN)
    }
  }
}
