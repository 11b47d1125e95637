// Two nodes over one database: whatever one has said is so, the other says at once; who asks both at once gets no more
// than who asks one twice. The second node's way to the database can be cut.
import assert from 'node:assert/strict'
import { chmodSync, cpSync, readFileSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { address, Client, defer, eventually, folder, motcua, POSTGRES, ROOT, Server, valueOf } from './harness.mjs'
import { act, EXTRACT, file, Town, walk } from './town.mjs'

const skip = POSTGRES ? false : 'a file has one node'

/** A way to the server's socket that can be cut and mended. */
class Way {
  #open = new Set()
  constructor() {
    const there = join(new URL(process.env.MOTCUA_POSTGRES).searchParams.get('host'), '.s.PGSQL.5432')
    this.folder = folder('motcua-way-')
    chmodSync(this.folder, 0o755)
    this.server = createServer((near) => {
      if (this.cut) return near.destroy()
      const far = connect(there)
      for (const [one, other] of [[near, far], [far, near]]) {
        this.#open.add(one)
        one.on('error', () => {}).on('close', () => (this.#open.delete(one), other.destroy())).pipe(other)
      }
    })
    defer(() => this.server.close())
  }
  listen() {
    return new Promise((resolve) => this.server.listen(join(this.folder, '.s.PGSQL.5432'), resolve))
  }
  close() {
    this.cut = true
    this.#open.forEach((socket) => socket.destroy())
  }
}

let town, second, way, ward
if (POSTGRES) {
  town = await Town.open()
  ;[ward] = town.wards
  way = new Way()
  await way.listen()
  const url = address(town.server.data).replace(/host=[^&]*/, `host=${way.folder}`)
  second = await Server.start(town.server.data, ['--db', url], { env: { MOTCUA_NODE: '7' } })
  second.contract = town.contract
  defer(() => second.stop())
}
/** The same person with the same session, at the other node. */
const there = (client) => Object.assign(new Client(second, client.headers, `${client.name} there`), { party: client.party, account: client.account })
const nodes = (client) => [client, there(client)]
const statuses = (replies) => replies.map((r) => r.status)

describe('two nodes', { skip }, () => {
  test('a number that a node has is refused to another, and says whose', async () => {
    await assert.rejects(Server.start(town.server.data, [], { env: { MOTCUA_NODE: '7' } }), /MOTCUA_NODE=7/)
  })

  test('a session of one is a session of the other, and ends at both at once', async () => {
    for (const flip of [false, true]) {
      const lan = await town.signIn((await town.citizen(0)).account)
      const [here, other] = flip ? nodes(lan).reverse() : nodes(lan)
      assert.equal((await other.get('/api/v1/me')).body.party.id, lan.party.id)
      await here.delete('/api/v1/sessions')
      await other.get('/api/v1/me', 401)
    }
  })

  test('a disabled account is out at both at once', async () => {
    const admin = await town.as('admin')
    const officer = await town.signIn(town.accounts.find((a) => a.role === 'archivist' && a.unit === ward))
    const act = (who, what) => who.post(`/api/v1/accounts/${officer.account.user}/actions/${what}`, { reason: 'thử' })
    await there(officer).get('/api/v1/me')
    await act(admin, 'disable')
    await there(officer).get('/api/v1/me', 401)
    await act(there(admin), 'enable')
  })

  test('what one wrote the other reads at once, however often it was read before', async () => {
    const lan = await town.citizen(0)
    const desk = await town.as('one-stop', ward)
    const { code } = await file(lan, ward)
    const seen = async (who) => {
      for (let i = 0; i < 2; i++) await who.get(`/api/v1/cases/${code}`)
      return (await who.get(`/api/v1/cases/${code}`)).body
    }
    const all = [...nodes(lan), ...nodes(desk)]
    for (const [i, action] of ['receive', 'hand-over'].entries()) {
      await Promise.all(all.map(seen))
      const done = await act(nodes(desk)[i], code, action)
      for (const who of all) assert.equal((await seen(who)).version, done.version, `${action}, seen by ${who.name}`)
    }
    const inbox = async (who) => (await who.get('/api/v1/cases?box=inbox&limit=200')).body.items.map((c) => c.code)
    for (let i = 0; i < 4; i++) {
      await Promise.all(nodes(desk).map(inbox))
      const filed = await file(nodes(lan)[i % 2], ward)
      for (const who of nodes(desk)) assert.ok((await inbox(who)).includes(filed.code), who.name)
    }
  })

  test('live events reach who listens at the other', async () => {
    const lan = await town.citizen(0)
    const desk = await town.as('one-stop', ward)
    const [ours, theirs, citizen] = await Promise.all([...nodes(desk), there(lan)].map((who) => who.listen()))
    const { code } = await file(lan, ward)
    const about = (e) => e.type === 'case' && e.data.code === code
    assert.deepEqual((await theirs.heard(about)).data, (await ours.heard(about)).data)
    await act(desk, code, 'receive')
    await citizen.heard((e) => e.type === 'notice')
    for (const listener of [ours, theirs, citizen]) listener.close()
  })

  test('the same key at both makes one case', async () => {
    const lan = await town.citizen(0)
    for (let i = 0; i < 5; i++) {
      const headers = { 'Idempotency-Key': `two-nodes-${i}` }
      const replies = await Promise.all([...nodes(lan), ...nodes(lan)].map((who) => who.post('/api/v1/cases', { service: EXTRACT, unit: ward, form: { copies: 2 } }, 201, headers)))
      assert.equal(new Set(replies.map((r) => r.body.code)).size, 1)
    }
  })

  test('two officers at two nodes: one takes the case, the codes of a day have no doubles and no gaps', async () => {
    const lan = await town.citizen(0)
    const officers = [await town.as('one-stop', ward, 0), there(await town.as('one-stop', ward, 1))]
    for (let i = 0; i < 4; i++) {
      const { code } = await file(lan, ward)
      const replies = await Promise.all(officers.map((who) => who.post(`/api/v1/cases/${code}/actions/receive`, {}, null, { 'If-Match': '"1"' })))
      assert.equal(statuses(replies).filter((s) => s === 200).length, 1, statuses(replies).join())
      assert.ok(statuses(replies).every((s) => [200, 409, 412].includes(s)))
    }
    const filed = await Promise.all(Array.from({ length: 12 }, (_, i) => file(nodes(lan)[i % 2], ward)))
    const numbers = filed.map((c) => Number(c.code.slice(-4))).sort((a, b) => a - b)
    assert.deepEqual(numbers, Array.from({ length: 12 }, (_, i) => numbers[0] + i))
  })

  test('two who are asked answer at the same moment: both are heard', async () => {
    const [, other] = town.wards
    const justice = town.departments.find((code) => town.has('specialist', code))
    for (let i = 0; i < 3; i++) {
      const { code } = await file(await town.citizen(0), ward)
      await walk(town, code, ward, 'hand-over')
      const parent = await act(await town.as('specialist', ward), code, 'consult', { note: 'Xin ý kiến', units: [justice, other] })
      const who = [await town.as('specialist', justice), there(await town.as('specialist', other))]
      await Promise.all(parent.children.map((child, n) => act(who[n], child, 'answer', { note: 'Đồng ý' })))
      const now = (await (await town.as('specialist', ward)).get(`/api/v1/cases/${code}`)).body
      assert.ok(now.asked.every((a) => a.answer === 'Đồng ý'), JSON.stringify(now.asked))
    }
  })

  test('guesses are counted together', async () => {
    const { code, track_pin } = await file(await town.citizen(1), ward)
    const guess = (who, pin) => who.get(`/api/v1/track/${code}?pin=${pin}`, null)
    const strangers = nodes(town.stranger)
    const wrong = await Promise.all(Array.from({ length: 12 }, (_, i) => guess(strangers[i % 2], 'ZZZZZZ')))
    assert.equal(statuses(wrong).filter((s) => s === 422).length, 5, statuses(wrong).join())
    for (const who of strangers) assert.equal((await guess(who, track_pin)).status, 429)
  })

  test('each job of the cases above was run once, by one of them', async () => {
    const ask = (query) => valueOf(town.server.data, query)
    await eventually(() => ask("SELECT count(*) FROM job WHERE done_at IS NULL AND kind <> 'case-tick'"), (n) => n === '0', 20000)
    assert.ok(Number(ask("SELECT count(*) FROM job WHERE kind <> 'case-tick'")) > 5)
    assert.equal(ask("SELECT max(tries) FROM job WHERE kind <> 'case-tick'"), '1')
    assert.equal(ask('SELECT count(*) FROM case_slip WHERE document IS NULL'), '0')
    assert.ok(Number(ask("SELECT count(*) FROM job WHERE kind = 'case-tick' AND done_at IS NULL")) <= 2) // one waits, one may run
  })

  test('cut off it says so and takes nothing; mended it knows what was changed meanwhile', async () => {
    const lan = await town.signIn((await town.citizen(0)).account)
    const gone = await town.signIn(lan.account)
    const other = there(town.stranger)
    await there(gone).get('/api/v1/me')
    const pack = join(folder(), 'pack'), service = join(pack, 'services/civil-status/extract-copy.yaml')
    cpSync(join(ROOT, 'city/hcmc'), pack, { recursive: true })
    writeFileSync(service, readFileSync(service, 'utf8').replace(/^name: \{vi: ".*?"/m, 'name: {vi: "Bản sao tên mới"'))

    way.close()
    const refused = Promise.all([there(lan).get('/api/v1/me', null), there(lan).post('/api/v1/cases', { service: EXTRACT, unit: ward, form: { copies: 2 } }, null)])
    const ready = await eventually(() => other.get('/readyz', null), (r) => r.status === 503)
    assert.equal(ready.body.code, 'database-away')
    await other.get('/healthz', 200)
    await town.stranger.get('/readyz', 200)
    await gone.delete('/api/v1/sessions')
    motcua('load', '--data', town.server.data, pack)
    for (const r of await refused) {
      assert.equal(r.status, 503)
      assert.equal(r.body.code, 'database-away')
      assert.ok(Number(r.headers['retry-after']) > 0)
    }
    way.cut = false
    await eventually(() => other.get('/readyz', null), (r) => r.status === 200)
    await there(gone).get('/api/v1/me', 401)
    await file(there(lan), ward)
    for (const who of [town.stranger, other])
      await eventually(() => who.get(`/api/v1/services/${EXTRACT}`), (r) => r.body.name === 'Bản sao tên mới', 10000)
  })

  test('a node that starts before its database waits for it', async () => {
    const url = address(town.server.data).replace(/host=[^&]*/, `host=${way.folder}`)
    const start = () => Server.start(town.server.data, ['--db', url], { env: { MOTCUA_NODE: '8' } })
    way.close()
    const early = start()
    assert.equal(await Promise.race([early, new Promise((resolve) => setTimeout(resolve, 2500, 'waits'))]), 'waits')
    way.cut = false
    const third = await early
    defer(() => third.stop())
    assert.match(third.logged('database-awaited').join(), /seconds=120/)
    assert.equal((await third.send('GET', '/readyz')).status, 200)
  })
})
