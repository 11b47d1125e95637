// A server of one's own for each test file: a copy of the made-up city, a free port, ended with the file. What the
// program says on stderr is kept: a report of a sanitizer fails the file.
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { appendFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import { DatabaseSync } from 'node:sqlite'
import { join } from 'node:path'
import { after } from 'node:test'
import { Contract, ROOT } from './contract.mjs'

export { ROOT }

const candidates = [process.env.MOTCUA, join(ROOT, 'build/asan/src/program/motcua'), join(ROOT, 'build/asan/motcua'), join(ROOT, 'build/motcua')]
export const MOTCUA = candidates.find((path) => path && existsSync(path))
assert.ok(MOTCUA, 'no program to test: build it, or name it in MOTCUA')

export const RESIDENTS = 400
const SEED = 2
const COMPLAINT = /ERROR: \w+Sanitizer|runtime error:|SUMMARY: \w+Sanitizer|Assertion .* failed/

export const env = {
  ...process.env,
  LC_ALL: 'C.UTF-8',
  ASAN_OPTIONS: 'detect_leaks=1:detect_stack_use_after_return=0:strict_string_checks=1',
  LSAN_OPTIONS: `suppressions=${join(ROOT, 'test/lsan.supp')}:print_suppressions=0`,
  TSAN_OPTIONS: `suppressions=${join(ROOT, 'test/tsan.supp')}:exitcode=66`,
  UBSAN_OPTIONS: 'print_stacktrace=1:halt_on_error=1',
}

const deferred = []

/** What is to be done when the test file ends: the last one first, as node's own hooks do not. */
export function defer(act) {
  if (deferred.push(act) > 1) return
  after(async () => {
    while (deferred.length) await deferred.pop()()
  })
}

/** A folder of this test file alone; gone when it ends. */
export function folder(name = 'motcua-test-') {
  const path = mkdtempSync(join(tmpdir(), name))
  defer(() => rmSync(path, { recursive: true, force: true }))
  return path
}

/** With MOTCUA_TEST_DB=postgres all of this runs on the second database: beside every data folder stands a database on the
 *  server that MOTCUA_POSTGRES names (tools/postgres.py starts it). */
export const POSTGRES = process.env.MOTCUA_TEST_DB === 'postgres'
const named = (path) => `m_${createHash('sha256').update(path).digest('hex').slice(0, 24)}`
export const address = (path) => `${process.env.MOTCUA_POSTGRES}&dbname=${named(path)}`

function sql(text, url = `${process.env.MOTCUA_POSTGRES}&dbname=postgres`) {
  return execFileSync(process.env.MOTCUA_PSQL ?? 'psql', ['-qAtX', '-v', 'ON_ERROR_STOP=1', '-c', text, url], { encoding: 'utf8' }).trim()
}

/** The one value that a query over a city's own database answers: for what no route tells. */
export function valueOf(path, query) {
  if (POSTGRES) return sql(query, address(path))
  return String(Object.values(new DatabaseSync(join(path, 'motcua.db'), { readOnly: true }).prepare(query).get())[0])
}

/** A command line as it is on the database under test. */
export function line(args) {
  const at = args.indexOf('--data')
  if (!POSTGRES || at < 0 || args.includes('--db') || ['backup', 'restore'].includes(args[0])) return args
  const path = args[at + 1]
  if (['demo', 'load', 'serve', 'user'].includes(args[0]) && !sql(`SELECT 1 FROM pg_database WHERE datname = '${named(path)}'`))
    sql(`CREATE DATABASE "${named(path)}"`)
  return [...args.slice(0, at + 2), '--db', address(path), ...args.slice(at + 2)]
}

/** The address of a database with nothing in it. */
export function emptyDatabase(path) {
  sql(`CREATE DATABASE "${named(path)}"`)
  return address(path)
}

/** A city of its own for a test file. */
export function copyCity(from, to) {
  cpSync(from, to, { recursive: true })
  if (POSTGRES) sql(`CREATE DATABASE "${named(to)}" TEMPLATE "${named(from)}"`)
}

/** Runs a subcommand to its end; throws with its words when it fails. */
export function motcua(...args) {
  try {
    return execFileSync(MOTCUA, line(args), { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 64 << 20 })
  } catch (e) {
    throw new Error(`motcua ${args.join(' ')} → ${e.status ?? e.signal}\n${e.stdout}${e.stderr}`)
  }
}

/** Cities of programs that were built over since yesterday. */
function sweep() {
  for (const name of readdirSync(tmpdir()).filter((f) => f.startsWith(`motcua-city-${process.getuid()}-`))) {
    const path = join(tmpdir(), name)
    if (Date.now() - statSync(path).mtimeMs > 86400_000) rmSync(path, { recursive: true, force: true })
  }
}

/** The demo city, made once for a program: whoever comes first makes it beside, and names it when it is whole. */
export function demoCity() {
  const { mtimeMs, size } = statSync(MOTCUA)
  const key = createHash('sha256').update(`${MOTCUA} ${mtimeMs} ${size} ${RESIDENTS} ${SEED} ${POSTGRES ? process.env.MOTCUA_POSTGRES : ''}`).digest('hex').slice(0, 16)
  const city = process.env.MOTCUA_CITY ?? join(tmpdir(), `motcua-city-${process.getuid()}-${key}`)
  if (existsSync(city)) return city
  const making = mkdtempSync(`${city}.`)
  sweep()
  motcua('demo', '--data', join(making, 'data'), '--residents', String(RESIDENTS), '--seed', String(SEED))
  try {
    renameSync(join(making, 'data'), city)
    if (POSTGRES) sql(`ALTER DATABASE "${named(join(making, 'data'))}" RENAME TO "${named(city)}"`)
  } catch (e) {
    if (!existsSync(city)) throw e // else another one was quicker
  }
  rmSync(making, { recursive: true, force: true })
  return city
}

const live = new Set()
process.on('exit', () => live.forEach((child) => child.kill('SIGKILL')))

/** A running server over a data folder. */
export class Server {
  #stderr = ''
  #agent = new Agent({ keepAlive: true, maxSockets: 64 })

  static async start(data, args = [], options = {}) {
    const server = new Server()
    server.data = data
    server.child = spawn(options.program ?? MOTCUA, [...(options.before ?? []), ...(options.plain ? ['serve'] : line(['serve', '--data', data])), '--listen', '127.0.0.1:0', ...args], {
      env: { ...env, ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    live.add(server.child)
    server.ended = new Promise((resolve) =>
      server.child.on('close', (code, signal) => {
        live.delete(server.child)
        resolve({ code, signal })
      }),
    )
    server.child.stderr.setEncoding('utf8').on('data', (text) => (server.#stderr = (server.#stderr + text).slice(-1 << 20)))
    server.port = await server.#spoken()
    return server
  }

  /** The line that a server prints when it answers. */
  #spoken() {
    return new Promise((resolve, reject) => {
      let said = ''
      this.child.stdout.setEncoding('utf8').on('data', (text) => {
        said += text
        const port = said.includes('\n') && /:(\d+)\b/.exec(said)
        if (port) resolve(Number(port[1]))
      })
      this.ended.then(({ code, signal }) => reject(new Error(`the server ended at once: ${code ?? signal}\n${said}${this.#stderr}`)))
    })
  }

  get stderr() {
    return this.#stderr
  }

  /** What the log tells of one kind of event. */
  logged(event) {
    return this.#stderr.split('\n').filter((line) => line.includes(event))
  }

  noComplaint() {
    const at = this.#stderr.search(COMPLAINT)
    assert.ok(at < 0, `the program complains:\n${this.#stderr.slice(Math.max(at - 200, 0), at + 6000)}`)
  }

  /** Asks it to end and waits; what it says about itself is checked. */
  async stop() {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill('SIGTERM')
    const { code, signal } = await this.ended
    this.#agent.destroy()
    this.noComplaint()
    assert.deepEqual({ code, signal }, { code: 0, signal: null }, `the server did not end well\n${this.#stderr.slice(-3000)}`)
  }

  /** One request and its whole reply, as bytes and, where it is JSON, as a value. A large body waits for the server to
   *  want it: one that is refused by its size would break off half sent, and the reply with it. */
  send(method, path, { headers = {}, body, agent = this.#agent } = {}) {
    const asks = body?.length > 1 << 16
    if (asks) headers = { ...headers, Expect: '100-continue', 'Content-Length': Buffer.byteLength(body) }
    return new Promise((resolve, reject) => {
      let sent = false
      const send = () => {
        sent = true
        q.end(body)
      }
      const q = request({ host: '127.0.0.1', port: this.port, method, path, headers, agent }, (r) => {
        const parts = []
        r.on('data', (part) => parts.push(part))
        r.on('error', reject)
        r.on('end', () => {
          if (!sent) q.off('error', reject).on('error', () => {}).destroy()
          const bytes = Buffer.concat(parts)
          const reply = { status: r.statusCode, headers: r.headers, bytes, text: bytes.toString('utf8') }
          if (/^application\/([\w.]+\+)?json/.test(r.headers['content-type'] ?? '') && bytes.length) reply.body = JSON.parse(reply.text)
          resolve(reply)
        })
      })
      q.on('error', reject)
      if (asks) q.on('continue', send).flushHeaders()
      else send()
    })
  }
}

/** Starts the city's server for this file; prepare(data) may change its folder before. */
export async function serve({ city = demoCity(), args, options, prepare } = {}) {
  const data = join(folder(), 'data')
  copyCity(city, data)
  prepare?.(data)
  const server = await Server.start(data, args, options)
  const { body } = await server.send('GET', '/api/v1/openapi.json')
  server.contract = new Contract(body)
  defer(async () => {
    if (process.env.MOTCUA_SEEN) record(server.contract)
    await server.stop()
    motcua('verify', '--data', data) // whatever was done to it, its logs, cases and files are sound
  })
  return server
}

/** For the sum at the end of a run: which operation answered what. */
function record(contract) {
  mkdirSync(process.env.MOTCUA_SEEN, { recursive: true })
  const lines = [...contract.seen].map(([name, statuses]) => `${name}\t${[...statuses].join(' ')}`)
  appendFileSync(join(process.env.MOTCUA_SEEN, `${process.pid}.tsv`), `replies\t${contract.replies}\n${lines.join('\n')}\n`)
}

/** Someone who asks: a stranger, or whoever a token or cookie says. Replies that are not as declared throw. */
export class Client {
  constructor(server, headers = {}, name = 'stranger') {
    Object.assign(this, { server, headers, name })
  }

  /** The same one with other headers besides. */
  with(headers) {
    return Object.assign(new Client(this.server, { ...this.headers, ...headers }, this.name), { party: this.party, account: this.account })
  }

  /** want: the status that must come (2xx unless given), or null to look at whatever comes. */
  async ask(method, path, body, want, headers = {}) {
    const plain = body === undefined || typeof body === 'string' || Buffer.isBuffer(body)
    const reply = await this.server.send(method, path, {
      headers: { ...(plain ? {} : { 'Content-Type': 'application/json' }), ...this.headers, ...headers },
      body: plain ? body : JSON.stringify(body),
    })
    this.server.contract.check(method, path.split('?')[0], reply)
    if (want === null) return reply
    const good = want === undefined ? reply.status >= 200 && reply.status < 300 : reply.status === want
    assert.ok(good, `${this.name}: ${method} ${path} → ${reply.status}, not ${want ?? '2xx'}\n${reply.text.slice(0, 2000)}`)
    return reply
  }

  get(path, want, headers) {
    return this.ask('GET', path, undefined, want, headers)
  }
  post(path, body, want, headers) {
    return this.ask('POST', path, body, want, headers)
  }
  put(path, body, want, headers) {
    return this.ask('PUT', path, body, want, headers)
  }
  patch(path, body, want, headers) {
    return this.ask('PATCH', path, body, want, headers)
  }
  delete(path, want, headers) {
    return this.ask('DELETE', path, undefined, want, headers)
  }

  /** Every item of a list, page by page. */
  async all(path, limit = 200) {
    const items = []
    for (let cursor = ''; cursor !== null; ) {
      const { body } = await this.get(`${path}${path.includes('?') ? '&' : '?'}limit=${limit}${cursor && `&cursor=${encodeURIComponent(cursor)}`}`)
      items.push(...body.items)
      cursor = body.next
    }
    return items
  }

  /** Listens to the live events. */
  listen() {
    return Listener.open(this)
  }
}

/** A reader of server-sent events. */
export class Listener {
  #heard = []
  #waiting = []

  static open(client) {
    return new Promise((resolve, reject) => {
      const q = request({ host: '127.0.0.1', port: client.server.port, path: '/api/v1/events', headers: { ...client.headers, Accept: 'text/event-stream' } }, (r) => {
        if (r.statusCode !== 200) {
          r.resume()
          return reject(new Error(`${client.name}: events → ${r.statusCode}`))
        }
        assert.match(r.headers['content-type'], /^text\/event-stream/)
        client.server.contract.note('GET /api/v1/events', 200)
        const listener = new Listener()
        listener.close = () => q.destroy()
        let text = ''
        r.setEncoding('utf8').on('data', (part) => {
          text += part
          for (let end; (end = text.indexOf('\n\n')) >= 0; text = text.slice(end + 2)) listener.#take(text.slice(0, end))
        })
        r.on('error', () => {})
        resolve(listener)
      })
      q.on('error', reject).end()
    })
  }

  #take(block) {
    const event = { type: /^event: ?(.*)$/m.exec(block)?.[1], data: /^data: ?(.*)$/m.exec(block)?.[1] }
    if (event.data === undefined) return // a heartbeat
    event.data = JSON.parse(event.data)
    this.#heard.push(event)
    this.#waiting = this.#waiting.filter((w) => !(w.fits(event) && (w.resolve(event), true)))
  }

  /** The first event that fits, heard already or still to come. */
  heard(fits, patience = 5000) {
    const known = this.#heard.find(fits)
    if (known) return Promise.resolve(known)
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no such event among ${JSON.stringify(this.#heard)}`)), patience)
      this.#waiting.push({ fits, resolve: (event) => (clearTimeout(timer), resolve(event)) })
    })
  }

  get events() {
    return [...this.#heard]
  }
}

/** Asks again until the answer is there: only for what the contract says may follow a moment later. */
export async function eventually(ask, fits, patience = 5000) {
  const until = Date.now() + patience
  for (;;) {
    const answer = await ask()
    if (fits(answer)) return answer
    if (Date.now() > until) assert.fail(`it never came: ${JSON.stringify(answer).slice(0, 1000)}`)
    await new Promise((resolve) => setTimeout(resolve, 30))
  }
}

export const accounts = (data) => JSON.parse(readFileSync(join(data, 'demo-accounts.json'), 'utf8'))
