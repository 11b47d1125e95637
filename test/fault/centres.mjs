// make fault: two centres and a witness (deploy/two-centres) under steady filing, while one thing after another fails: kill -9
// of the primary, the standby, a motcua node, HAProxy; the line between the centres, the witness; a paused process; a full
// disk; a clock that jumps (of a motcua node, where libfaketime is installed); all at once. After each fault everything
// acknowledged must be there once, `motcua verify` must prove chains and files, and the longest time without writes is printed.
// Beside it dossiers are read that may be some seconds old: none that is older than that may be missing, whoever answers.
// node test/fault/centres.mjs [faults…|N]: by name in this order, or N at random (SEED). Exit 77: not possible here.
import { execFileSync, spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '../..')
const { pdf } = await import(join(ROOT, 'test/api/town.mjs'))
const CENTRES = join(ROOT, 'deploy/two-centres')
const FOLDER = process.env.CENTRES_FOLDER ?? `/tmp/motcua-centres-${process.env.CENTRES_NAME ?? 'mc'}`
const STREET = { a: '10.77.11.2', b: '10.77.12.2' }
const CLIENTS = 6, OLD_S = 5, PATIENCE_MS = 180_000, EXTRACT = '2.000635'
const MOTCUA = process.env.MOTCUA ?? join(ROOT, 'build/motcua')
const CLOCK = existsSync('/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1')
const env = { CENTRES_DISK: '1500', CENTRES_CLOCK: CLOCK ? '1' : '', ...process.env, MOTCUA }
const centres = (...args) => execFileSync(CENTRES, args, { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
const agent = new Agent({ keepAlive: false })

/** One request to a centre; throws when no answer comes in time. */
function ask(centre, method, path, { body, headers = {}, timeout = 4000 } = {}) {
  return new Promise((resolve, reject) => {
    const json = body && !Buffer.isBuffer(body)
    const q = request({ host: STREET[centre], port: 8000, method, path, agent, headers: { ...(json ? { 'Content-Type': 'application/json' } : {}), ...headers } }, (r) => {
      let text = ''
      r.setEncoding('utf8').on('data', (part) => (text += part)).on('error', reject)
      r.on('end', () => resolve({ status: r.statusCode, age: r.headers.age, text, body: /json/.test(r.headers['content-type'] ?? '') ? JSON.parse(text) : null }))
    })
    q.setTimeout(timeout, () => q.destroy(new Error('no answer')))
    q.on('error', reject).end(json ? JSON.stringify(body) : body)
  })
}
async function until(what, fits, patience = PATIENCE_MS) {
  for (const end = Date.now() + patience; ; await sleep(200)) {
    if (await Promise.resolve().then(fits).catch(() => false)) return
    if (Date.now() > end) throw new Error(`${what}: not within ${patience / 1000} s`)
  }
}

// ---- who leads ----
const members = () => centres('status').trim().split('\n').filter(Boolean).map((line) => line.split(' ')).map(([name, role, state]) => ({ name, role, state }))
const leader = () => members().find((m) => m.role === 'leader' && m.state === 'running')?.name
const other = (centre) => (centre === 'a' ? 'b' : 'a')
const isWhole = () => centres('status').endsWith('\nwhole\n')

// ---- the steady work: dossiers under a key each; one without an answer is asked again, at the other centre ----
class Work {
  acknowledged = new Map() // key → code
  documents = new Set() // sha256 of what was taken
  times = []
  own = [] // by citizen: [{ code, at }]
  old = 0 // answers of the standby
  wrong = 0 // of them, or of the primary: what was filed long enough before was not there, or older than asked for
  serial = 0
  running = true

  async signIn(accounts) {
    this.citizens = []
    for (const { user, password } of accounts.filter((a) => a.role === 'citizen').slice(0, CLIENTS))
      await until(`${user} signs in`, async () => {
        const { status, body } = await ask('a', 'POST', '/api/v1/sessions', { body: { user, password }, timeout: 15_000 })
        if (status !== 201) return false
        this.citizens.push({ Authorization: `Bearer ${body.token}` })
        return true
      })
    this.unit = accounts.find((a) => a.role === 'one-stop').unit
    this.own = this.citizens.map(() => [])
    this.all = this.citizens.flatMap((headers, n) => [this.#file(headers, n), this.#read(headers, n)])
  }

  async #file(headers, n) {
    for (let i = n; this.running; i++) {
      const key = `fault-${this.serial++}`
      for (let centre = i % 2 ? 'a' : 'b'; ; centre = other(centre)) {
        const reply = await ask(centre, 'POST', '/api/v1/cases', {
          headers: { ...headers, 'Idempotency-Key': key }, body: { service: EXTRACT, unit: this.unit, form: { copies: 1 } },
        }).catch(() => null)
        if (reply?.status === 201) {
          this.acknowledged.set(key, reply.body.code)
          this.own[n].push({ code: reply.body.code, at: Date.now() })
          this.times.push(Date.now())
          if (this.serial % 20 === 0) await this.#upload(headers, centre, key)
          break
        }
        if (reply && reply.status < 500) throw new Error(`filing: ${reply.status} ${reply.text}`)
        if (!this.running) return
        await sleep(50)
      }
      await sleep(20)
    }
  }

  /** Looks among its own for the newest that is older than what is asked for. A list: what a standby does not find is
   *  looked for at the primary, what it does not list is missing. */
  async #read(headers, n) {
    for (let i = n; this.running; i++, await sleep(100)) {
      const known = this.own[n].findLast(({ at }) => at < Date.now() - OLD_S * 1000)
      if (!known) continue
      const reply = await ask(i % 2 ? 'a' : 'b', 'GET', `/api/v1/cases?q=${known.code}`, { headers: { ...headers, 'Cache-Control': `max-age=${OLD_S}` } }).catch(() => null)
      if (reply?.age) this.old++
      if (reply?.status !== 200) continue
      const listed = reply.body.items.some(({ code }) => code === known.code)
      if (listed && Number(reply.age ?? 0) <= OLD_S) continue
      this.wrong++
      console.error(`${known.code} is ${listed ? '' : 'not '}listed in an answer of ${reply.age ?? 'no'} seconds`)
    }
  }

  /** What is taken is there for good; what is not, is not asked again. */
  async #upload(headers, centre, key) {
    const reply = await ask(centre, 'POST', '/api/v1/documents', {
      headers: { ...headers, 'Content-Type': 'application/pdf', 'Content-Disposition': 'attachment; filename="a.pdf"', 'Idempotency-Key': `${key}-paper` },
      body: pdf(key),
    }).catch(() => null)
    if (reply?.status === 201) this.documents.add(reply.body.sha256)
  }

  /** The longest time without an acknowledgement since then. */
  gap(since) {
    const at = [since, ...this.times.filter((t) => t > since), Date.now()]
    return Math.max(...at.slice(1).map((t, i) => t - at[i]))
  }

  async stop() {
    this.running = false
    await Promise.all(this.all)
  }
}

// ---- what fails; each brings back what it took ----
const kinds = {
  'kill the primary': async () => { centres('kill', `postgres-${leader()}`) },
  'kill the primary and its Patroni': async () => {
    const at = leader()
    centres('kill', `patroni-${at}`)
    centres('kill', `postgres-${at}`)
    await until('the other centre leads', () => leader() === other(at))
    centres('start', `patroni-${at}`)
  },
  'kill the standby': async () => { centres('kill', `postgres-${other(leader())}`) },
  'kill a motcua node': async (random) => {
    const what = `motcua-${random(['a1', 'a2', 'b1', 'b2'])}`
    centres('kill', what)
    await sleep(2000)
    centres('start', what)
  },
  'kill an HAProxy': async (random) => {
    const what = `haproxy-${random(['a', 'b'])}`
    centres('kill', what)
    await sleep(3000)
    centres('start', what)
  },
  'cut the line between the centres': async () => {
    centres('cut', 'a-b')
    await sleep(15_000)
    centres('mend', 'a-b')
  },
  'cut the witness': async () => {
    centres('cut', 'a-w')
    centres('cut', 'b-w')
    await sleep(10_000)
    centres('mend', 'a-w')
    centres('mend', 'b-w')
  },
  'cut the primary\'s centre off': async () => {
    const at = leader()
    const links = ['a-b', `${at}-w`]
    links.forEach((link) => centres('cut', link))
    await until('the other centre leads', () => leader() === other(at))
    // What is cut off refuses to write, and says so.
    await until(`${at} says that it is not ready`, async () => (await ask(at, 'GET', '/readyz')).status === 503)
    links.forEach((link) => centres('mend', link))
  },
  'pause the primary\'s Patroni for 20 s': async () => {
    const at = leader()
    centres('pause', `patroni-${at}`)
    await sleep(20_000)
    centres('resume', `patroni-${at}`)
  },
  'pause a motcua node for 20 s': async (random) => {
    const what = `motcua-${random(['a1', 'b2'])}`
    centres('pause', what)
    await sleep(20_000)
    centres('resume', what)
  },
  // PostgreSQL lives on while its log still has room: writes are refused (507), and taken again once there is some.
  'fill the primary\'s disk': async () => {
    const at = leader()
    centres('fill', at)
    await sleep(15_000)
    centres('empty', at)
  },
  ...(CLOCK && {
    'jump the clock of a node in each centre': async (random) => {
      const ahead = random(['a1', 'a2']), behind = random(['b1', 'b2'])
      centres('jump', `motcua-${ahead}`, '600')
      centres('jump', `motcua-${behind}`, '-600')
      await sleep(10_000)
      for (const what of [ahead, behind]) centres('jump', `motcua-${what}`, '0')
    },
  }),
  'restart everything': async () => {
    const all = ['a', 'b'].flatMap((c) => [`motcua-${c}1`, `motcua-${c}2`, `haproxy-${c}`, `patroni-${c}`, `postgres-${c}`]).concat(['a', 'b', 'w'].map((c) => `etcd-${c}`))
    for (const what of all) try { centres('kill', what) } catch { /* down already */ }
    await sleep(1000)
    for (const what of all.filter((w) => !w.startsWith('postgres')).reverse()) centres('start', what)
  },
}

/** Everything acknowledged is there once, in the database of whoever leads; codes have no doubles; the program proves its
 *  chains and every file that a row names, and those that were taken have a row. */
async function check(work) {
  const told = [...work.acknowledged.values()]
  const there = centres('sql', 'SELECT code FROM case_file').trim().split('\n')
  const codes = new Set(there)
  if (!/OK\n$/.test(centres('verify'))) throw new Error('motcua verify finds something broken')
  const papers = new Set(centres('sql', "SELECT encode(sha256, 'hex') FROM document").trim().split('\n'))
  const gone = [...work.documents].filter((sha256) => !papers.has(sha256)).length
  return { lost: gone + told.filter((code) => !codes.has(code)).length, doubled: there.length - codes.size + (told.length - new Set(told).size), told: told.length }
}

// ---- the run ----
const tower = spawn(CENTRES, ['run'], { env, stdio: ['pipe', 'pipe', 'inherit'] }) // its input ends with us, and it takes all down
process.on('exit', () => tower.stdin.end())
const ready = await new Promise((resolve) => {
  tower.stdout.setEncoding('utf8').once('data', (said) => resolve(said.trim()))
  tower.on('close', (code) => resolve(code))
})
if (typeof ready === 'number') process.exit(ready || 1)
console.log(`two centres and a witness: ${ready}`)
const list = join(FOLDER, 'motcua-a1/demo-accounts.json')
if (!existsSync(list)) throw new Error(`no ${list}`)
const work = new Work()
const parsed = JSON.parse(readFileSync(list, 'utf8'))
await work.signIn(parsed.accounts ?? parsed)
await until('the first dossiers', () => work.acknowledged.size > 20)
await until('the first answers of the standby', () => work.old > 20)

let seed = Number(process.env.SEED ?? Date.now() % 100000)
const random = (from) => from[(seed = (seed * 1103515245 + 12345) % 2 ** 31) % from.length]
const asked = process.argv.slice(2)
const names = asked.length && Number.isNaN(Number(asked[0])) ? asked : asked.length ? Array.from({ length: Number(asked[0]) }, () => random(Object.keys(kinds))) : Object.keys(kinds)
console.log(`seed ${seed}, ${names.length} faults${CLOCK ? '' : '; no clock jumps: libfaketime is not installed'}`)
let worst = 0, lost = 0, doubled = 0
for (const [i, name] of names.entries()) {
  await until('both centres are whole', isWhole)
  const began = Date.now(), before = work.acknowledged.size
  await kinds[name](random)
  await until('it writes again', () => work.times.at(-1) > Date.now() - 1000)
  await until('both centres are whole', isWhole)
  const gap = work.gap(began), found = await check(work)
  ;[worst, lost, doubled] = [Math.max(worst, gap), Math.max(lost, found.lost), Math.max(doubled, found.doubled)]
  console.log(`${String(i + 1).padStart(3)} ${name.padEnd(40)} ${(gap / 1000).toFixed(1).padStart(6)} s without writes, ${String(work.acknowledged.size - before).padStart(5)} acknowledged meanwhile, lost ${found.lost}, doubled ${found.doubled}`)
}
await work.stop()
const end = await check(work)
console.log(`${end.told} dossiers and ${work.documents.size} documents acknowledged over ${names.length} faults: lost ${Math.max(lost, end.lost)}, doubled ${Math.max(doubled, end.doubled)}; longest time without writes ${(worst / 1000).toFixed(1)} s; ${work.old} answers of the standby, ${work.wrong} too old`)
tower.stdin.end()
await new Promise((resolve) => tower.on('close', resolve))
process.exitCode = lost || doubled || end.lost || end.doubled || work.wrong ? 1 : 0
