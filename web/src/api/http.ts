import { currentLanguage } from '@/i18n/language'

export interface FieldError {
  pointer: string
  keyword: string
  message: string
}

/** RFC 9457, as the server says it. status 0: the server was not reached. */
export class Problem extends Error {
  readonly status: number
  readonly code: string
  readonly detail: string | null
  readonly errors: FieldError[]
  /** What a person quotes when asking for help: the request's own id when the server gave one. */
  readonly quote: string

  constructor(status: number, body: Record<string, unknown>, requestId: string | null) {
    super(typeof body.title === 'string' ? body.title : '')
    this.name = 'Problem'
    this.status = status
    this.code = typeof body.code === 'string' ? body.code : status === 0 ? 'offline' : `http-${status}`
    this.detail = typeof body.detail === 'string' ? body.detail : null
    this.errors = Array.isArray(body.errors) ? (body.errors as FieldError[]) : []
    const instance = typeof body.instance === 'string' ? body.instance : null
    this.quote = [this.code, requestId ?? instance].filter(Boolean).join(' · ')
  }

  get offline(): boolean {
    return this.status === 0
  }
}

export interface Call {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  query?: Record<string, string | number | boolean | null | undefined>
  body?: unknown
  ifMatch?: number
  idempotencyKey?: string
  signal?: AbortSignal
}

export function address(path: string, query?: Call['query']): string {
  const given = Object.entries(query ?? {}).filter(([, value]) => value !== undefined && value !== null && value !== '')
  const search = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString()
  return `/api/v1${path}${search ? `?${search}` : ''}`
}

async function problemOf(response: Response): Promise<Problem> {
  const type = response.headers.get('Content-Type') ?? ''
  const body: unknown = type.includes('json') ? await response.json().catch(() => ({})) : {}
  return new Problem(response.status, (body ?? {}) as Record<string, unknown>, response.headers.get('X-Request-Id'))
}

/** One request. Rejects with a Problem and nothing else (or the caller's own abort). */
export async function call<T>(path: string, { method = 'GET', query, body, ifMatch, idempotencyKey, signal }: Call = {}): Promise<T> {
  const headers: Record<string, string> = { Accept: 'application/json', 'Accept-Language': currentLanguage() }
  if (body !== undefined) headers['Content-Type'] = 'application/json'
  if (ifMatch !== undefined) headers['If-Match'] = `"${ifMatch}"`
  if (idempotencyKey) headers['Idempotency-Key'] = idempotencyKey

  let response: Response
  try {
    response = await fetch(address(path, query), {
      method, headers, signal, credentials: 'same-origin', body: body === undefined ? undefined : JSON.stringify(body),
    })
  } catch (cause) {
    if (signal?.aborted) throw cause
    throw new Problem(0, {}, null)
  }
  if (!response.ok) throw await problemOf(response)
  if (response.status === 204) return undefined as T
  return (await response.json()) as T
}

/** A file, in the reader's language, under the name that the server gives it. */
export async function fetchFile(path: string, query?: Call['query']): Promise<{ blob: Blob; name: string }> {
  let response: Response
  try {
    response = await fetch(address(path, query), { headers: { 'Accept-Language': currentLanguage() }, credentials: 'same-origin' })
  } catch {
    throw new Problem(0, {}, null)
  }
  if (!response.ok) throw await problemOf(response)
  const name = /filename="([^"]+)"/.exec(response.headers.get('Content-Disposition') ?? '')?.[1]
  return { blob: await response.blob(), name: name ?? path.split('/').at(-1) ?? 'file' }
}

/** A fresh Idempotency-Key. randomUUID needs a secure context; a city hall's test machine over plain http has none. */
export function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** The bytes of a file with their progress, which fetch cannot tell. */
export function upload<T>(path: string, file: File, onProgress: (share: number) => void, signal?: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.open('POST', address(path))
    request.setRequestHeader('Accept', 'application/json')
    request.setRequestHeader('Accept-Language', currentLanguage())
    request.setRequestHeader('Content-Type', file.type || 'application/octet-stream')
    request.setRequestHeader('Content-Disposition', `attachment; filename*=UTF-8''${encodeURIComponent(file.name)}`)
    request.upload.onprogress = (event) => {
      if (event.lengthComputable) onProgress(event.loaded / event.total)
    }
    request.onerror = () => reject(new Problem(0, {}, null))
    request.onabort = () => reject(new DOMException('', 'AbortError'))
    request.onload = () => {
      let body: unknown
      try {
        body = JSON.parse(request.responseText)
      } catch {
        body = {}
      }
      if (request.status >= 200 && request.status < 300) resolve(body as T)
      else reject(new Problem(request.status, body as Record<string, unknown>, request.getResponseHeader('X-Request-Id')))
    }
    signal?.addEventListener('abort', () => request.abort())
    request.send(file)
  })
}
