// The tables that grow are divided by year, a registry by its keys: what was there stays, all goes on, looks at what they
// have to, and can be moved.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { test } from 'node:test'
import { join } from 'node:path'
import { address, Client, defer, env, eventually, folder, line, MOTCUA, motcua, POSTGRES, Server, valueOf } from './harness.mjs'
import { act, file, Town, walk } from './town.mjs'

const town = await Town.open()
const [ward] = town.wards
const data = town.server.data
const lan = await town.citizen(0)
const partition = () => motcua('partition', '--data', data)
const parts = (table, of = data) => Number(valueOf(of, `SELECT count(*) FROM pg_inherits WHERE inhparent = to_regclass('${table}')`))
const plan = (sql) => valueOf(data, `SET enable_seqscan = off; EXPLAIN ${sql}`)

test('a file has no parts, and is told the way to a database that has', { skip: POSTGRES }, async () => {
  await town.server.stop()
  assert.throws(partition, /motcua move/)
})

test('a city goes on divided', { skip: !POSTGRES }, async (t) => {
  const before = await file(lan, ward)
  await walk(town, before.code, ward, 'approve')
  const way = ['move', '--from', address(data), '--from-data', data, '--to', `sqlite:${join(folder(), 'file')}/motcua.db`]
  motcua(...way) // it is followed through all of this

  await t.test('it is divided once, and told so again', () => {
    for (const again of [/divided by year|đã chia theo năm/, /divided before|đã chia từ trước/]) {
      const said = partition()
      assert.equal(said.match(new RegExp(again, 'g'))?.length, 3, said)
    }
    for (const table of ['case_file', 'case_event', 'record_change']) {
      assert.equal(parts(table), 6, table)
      assert.equal(valueOf(data, `SELECT count(*) FROM pg_trigger JOIN pg_inherits ON inhrelid = tgrelid WHERE inhparent = to_regclass('${table}') AND tgname = 'move_watch'`), '6', table)
    }
  })

  await t.test('under a server that knows nothing of it', async () => {
    const after = await file(lan, ward)
    await walk(town, after.code, ward, 'deliver')
    assert.equal((await act(await town.as('one-stop', ward), before.code, 'deliver')).status, 10)
    const mine = (await lan.all('/api/v1/cases')).map((c) => c.code)
    assert.deepEqual(mine.filter((code) => [before.code, after.code].includes(code)), [after.code, before.code])
    assert.notEqual(after.code, before.code)
    const desk = await town.as('one-stop', ward)
    const open = await file(lan, ward)
    assert.ok((await desk.all(`/api/v1/cases?box=unit&q=${open.code}`)).some((c) => c.code === open.code))
  })

  await t.test('and under one that starts anew', async () => {
    await town.server.stop()
    await (await Server.start(data)).stop()
    assert.match(motcua('verify', '--data', data), /OK/)
  })

  await t.test('what carries the id looks into one part', () => {
    const id = valueOf(data, `SELECT id FROM case_file WHERE code = '${before.code}'`)
    assert.doesNotMatch(plan(`SELECT * FROM case_event WHERE case_id = ${id} ORDER BY seq`), /case_event_20/)
    assert.match(plan(`SELECT * FROM case_file WHERE code = '${before.code}'`), /case_file_2/) // a code is no id: in every part
  })

  await t.test('it moves to a file like any other, with what is filed meanwhile', async () => {
    const server = Object.assign(await Server.start(data), { contract: town.contract })
    motcua(...way)
    await file(Object.assign(new Client(server, lan.headers, lan.name), { party: lan.party, account: lan.account }), ward)
    await server.stop()
    assert.match(motcua(...way, '--switch'), /case_event +\d+ +(the same|giống hệt|như nhau)/)
    motcua('move', '--from', address(data), '--cancel')
  })
})

/** A registry with a field besides its key that no two records may share, and more records than one batch of the copying. */
class Households {
  #n = 0
  path = '/api/v1/registries/household/records'

  static async open() {
    const h = new Households()
    Object.assign(h, { town: await Town.open(), data: null })
    h.data = h.town.server.data
    h.steward = await h.town.as('steward', 'H29.11')
    await h.define('deed')
    h.known = await h.add()
    for (let i = 0; i < 15; i++) await Promise.all(Array.from({ length: 20 }, () => h.add()))
    return h
  }
  /** Gives its definition one more field that is unique. */
  async define(field) {
    const admin = await this.town.as('admin'), at = '/api/v1/definitions/registry/household'
    const { text } = (await admin.get(at)).body
    await admin.put(`${at}/draft`, { text: text.replace(/^( *)place:/m, `$1${field}: {type: string, x-unique: true, title: {vi: Giấy tờ, en: Paper}}\n$1place:`) })
    await admin.post(`${at}/publish`, {})
  }
  body(n, over) {
    return { number: `HK-99999-${String(n).padStart(6, '0')}`, head: '079190000001', head_name: 'Trần Văn Hai', place: '99999', address: `${n} Đường Mới`, deed: `D${n}`, ...over }
  }
  /** The reply to a new one, whatever it is. */
  try(over = {}) {
    return this.put(this.body(++this.#n, over), '"0"', null)
  }
  async add() {
    const body = this.body(++this.#n)
    await this.put(body, '"0"')
    return body
  }
  put(body, match, want) {
    return this.steward.put(`${this.path}/${body.number}`, body, want, { 'If-Match': match })
  }
  end(body, match) {
    return this.steward.delete(`${this.path}/${body.number}`, 204, { 'If-Match': match })
  }
  value(query) {
    return valueOf(this.data, query)
  }
  /** How many records are not as the newest of their versions says. */
  wrong() {
    return Number(this.value(`SELECT count(*) FROM (SELECT DISTINCT ON (key) key, version, body, valid_to FROM record_change
      WHERE registry = 'household' ORDER BY key, version DESC) c FULL JOIN r_household r ON r.key = c.key
      WHERE (r.version, CAST(r.body AS TEXT), r.valid_to) IS DISTINCT FROM (c.version, CAST(c.body AS TEXT), c.valid_to)`))
  }
  /** What is told to who brings a key, or a deed, that there is; the same each time but for its number. */
  async refusals(known) {
    const replies = [await this.put(known, '"0"', null), await this.try({ deed: known.deed })]
    const other = await this.add()
    replies.push(await this.put({ ...other, deed: known.deed }, '"1"', null))
    return replies.map(({ status, body: { code, errors } }) => ({ status, code, errors }))
  }
}

/** motcua partition beside: what it says in the end, or how it died. */
function dividing(...args) {
  const child = spawn(MOTCUA, line(['partition', ...args]), { env })
  let said = ''
  for (const out of [child.stdout, child.stderr]) out.setEncoding('utf8').on('data', (text) => (said += text))
  child.said = () => said
  child.ended = new Promise((resolve) => child.on('close', (code, signal) => resolve({ code, signal, said })))
  return child
}

/** Somebody's transaction that holds a lock until let go. */
async function holding(data, sql) {
  const child = spawn(process.env.MOTCUA_PSQL ?? 'psql', ['-qAtX', address(data)], { stdio: ['pipe', 'pipe', 'inherit'] })
  defer(() => child.kill())
  const got = new Promise((resolve) => child.stdout.once('data', resolve))
  child.stdin.write(`BEGIN; ${sql}; SELECT 'held';\n`)
  await got
  return () => new Promise((resolve) => child.on('close', resolve).stdin.end())
}

test('a registry goes on divided by its keys', { skip: !POSTGRES }, async (t) => {
  const h = await Households.open(), { known } = h, ended = await h.add()
  const before = await h.refusals(known)
  assert.deepEqual(before.map((r) => [r.status, r.code]), [[409, 'record-exists'], [409, 'conflict'], [409, 'conflict']])
  const way = ['move', '--from', address(h.data), '--from-data', h.data, '--to', `sqlite:${join(folder(), 'file')}/motcua.db`]
  const copied = () => h.value("SELECT to_regclass('part_r_household') IS NOT NULL") === 't' && Number(h.value('SELECT count(*) FROM part_r_household'))

  await t.test('one that is not there is told', () => {
    assert.throws(() => motcua('partition', '--data', h.data, 'household', 'no_such'), /no registry is named no_such|tên no_such/)
    assert.equal(parts('r_household', h.data), 0)
  })

  await t.test('killed while it copies, the registry is as it was; moved is the registry, not the copy', async () => {
    const letGo = await holding(h.data, 'SELECT id FROM r_household ORDER BY id DESC LIMIT 1 FOR UPDATE')
    const killed = dividing('--data', h.data, 'household')
    await eventually(copied, (n) => n >= 200, 20_000)
    await h.put({ ...known, address: 'viết giữa chừng' }, '"1"', 200)
    killed.kill('SIGKILL')
    assert.equal((await killed.ended).signal, 'SIGKILL')
    await letGo()
    await h.end(ended, '"1"')
    assert.equal(h.value("SELECT relkind FROM pg_class WHERE oid = to_regclass('r_household')"), 'r')
    assert.equal(h.wrong(), 0)
    motcua(...way) // and is followed from here on
  })

  await t.test('then it is divided while stewards write and read', async (t) => {
    let going = true, written = 0
    const work = Array.from({ length: 6 }, async (_, i) => {
      while (going) {
        const body = await h.add()
        await h.put({ ...body, address: 'sửa' }, '"1"', 200)
        await h.put({ ...body, deed: `${body.deed}+` }, '"2"', 200)
        if (i % 2) await h.end(body, '"3"')
        await h.steward.get(`${h.path}/${known.number}?purpose=stewardship`)
        await h.steward.get(`${h.path}?purpose=stewardship&where[place]=99999&limit=5`)
        written++
      }
    })
    const stop = async () => {
      going = false
      await Promise.all(work)
    }
    t.after(stop)
    const letGo = await holding(h.data, 'SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; SELECT 1') // a view without the copy
    const child = dividing('--data', h.data, 'household')
    await eventually(() => child.said(), (text) => text.includes('older-readers'), 20_000)
    assert.equal(parts('r_household', h.data), 0)
    await letGo()
    const { code, said } = await child.ended
    const then = written
    await eventually(() => written, (n) => n > then + 12, 20_000)
    await stop()
    assert.equal(code, 0, said)
    assert.match(said, /^r_household: (divided by key|đã chia theo khóa)$/m)
    assert.ok(then > 3, `only ${then} were written meanwhile`)
    assert.equal(parts('r_household', h.data), 16)
    assert.equal(h.wrong(), 0)
    assert.equal(copied(), false)
    assert.match(motcua('partition', '--data', h.data, 'household'), /was divided before|đã chia từ trước/)
    assert.equal(h.value("SELECT count(*) FROM pg_indexes WHERE tablename = 'r_household' AND indexname IN ('r_household_pkey', 'r_household_key_key', 'household_f_deed_u', 'household_f_head')"), '4')
  })

  await t.test('a key is looked for in one part', () => {
    const looks = new Set(h.value(`EXPLAIN SELECT version FROM r_household WHERE key = '${known.number}'`).match(/part_r_household_\d\d/g))
    assert.equal(looks.size, 1)
  })

  await t.test('what was refused before is refused in the same words', async () => {
    assert.deepEqual(await h.refusals(known), before)
    assert.deepEqual(await h.refusals(ended), before) // it holds its number still
    assert.equal(h.wrong(), 0)
  })

  await t.test('of those who bring one value at once, one wins', async () => {
    for (let i = 0; i < 8; i++) {
      const replies = await Promise.all(Array.from({ length: 6 }, () => h.try({ deed: `one ${i}` })))
      assert.deepEqual(replies.map((r) => r.status).sort(), [200, 409, 409, 409, 409, 409])
      const pair = [await h.add(), await h.add()]
      const changed = await Promise.all(pair.map((body) => h.put({ ...body, deed: `two ${i}` }, '"1"', null)))
      assert.deepEqual(changed.map((r) => r.status).sort(), [200, 409])
    }
    assert.equal(h.value('SELECT count(*) FROM (SELECT 1 FROM r_household WHERE f_deed IS NOT NULL GROUP BY f_deed HAVING count(*) > 1) d'), '0')
  })

  await t.test('a field that is to be unique from now on is', async () => {
    await h.define('permit')
    assert.equal((await h.try({ permit: 'P1' })).status, 200)
    assert.equal((await h.try({ permit: 'P1' })).body.code, 'conflict')
    assert.equal((await h.try({ permit: 'P2' })).status, 200)
  })

  await t.test('it is sound, and the move that began before ends well', async () => {
    assert.match(motcua('verify', '--data', h.data), /OK/)
    const late = await h.add()
    await h.put({ ...late, address: 'muộn' }, '"1"', 200)
    assert.match(motcua(...way, '--switch'), /r_household +\d+ +(the same|giống hệt|như nhau)/)
    motcua('move', '--from', address(h.data), '--cancel')
  })
})
