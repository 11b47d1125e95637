// A city moves to another kind of database and back, while dossiers are filed: nothing acknowledged is lost, what is refused
// is refused in words, a move that is killed goes on, and both places are the same row by row before anybody is told to switch.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { accounts, address, Client, copyCity, defer, demoCity, emptyDatabase, env, folder, motcua, MOTCUA, POSTGRES, Server } from './harness.mjs'
import { Contract } from './contract.mjs'
import { act, EXTRACT, file, pdf, Town, upload } from './town.mjs'

const options = { skip: POSTGRES ? false : 'needs a PostgreSQL server: runs with the API on the second database' }

/** A move beside the servers: { status, stdout, stderr }. */
async function move(args, more = {}) {
  const child = spawn(MOTCUA, ['move', ...args], { env: { ...env, LC_ALL: 'en_US.UTF-8', ...more } })
  const said = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr']) child[name].setEncoding('utf8').on('data', (text) => (said[name] += text))
  const [status, signal] = await new Promise((resolve) => child.on('close', (...how) => resolve(how)))
  return { status, signal, ...said }
}
async function moved(...args) {
  const said = await move(args)
  assert.equal(said.status, 0, `motcua move ${args.join(' ')}\n${said.stdout}${said.stderr}`)
  return said
}
async function refused(why, ...args) {
  const said = await move(args)
  assert.ok(said.status > 0, said.stdout)
  assert.match(said.stderr, why)
}

/** A server at an address, and the town that it serves. */
async function open(data, db) {
  const server = await Server.start(data, [...(db.startsWith('sqlite:') ? [] : ['--data', data]), '--db', db], { plain: true })
  defer(() => server.child.kill('SIGKILL')) // of a test that failed midway
  server.contract = new Contract((await server.send('GET', '/api/v1/openapi.json')).body)
  const town = Object.assign(new Town(), { server, stranger: new Client(server), accounts: accounts(data) })
  const ward = town.accounts.find((a) => a.role === 'one-stop').unit
  return { server, town, ward, lan: await town.citizen(0), desk: await town.as('one-stop', ward) }
}

/** Files without a pause, and receives every other one; what was acknowledged, and how often it was told to wait. */
class Work {
  codes = []
  waited = 0
  #going = true
  constructor(city) {
    this.all = [0, 1].map((n) => this.#file(city, n))
  }
  async #file({ lan, desk, ward }, n) {
    for (let i = 0; this.#going; i++) {
      const reply = await lan.post('/api/v1/cases', { service: EXTRACT, unit: ward, form: { copies: 1 } }, null)
      if (reply.status === 503) {
        assert.equal(reply.body.code, 'moved')
        this.waited++
        await lan.get('/api/v1/services', 200) // it can still be read
        continue
      }
      assert.equal(reply.status, 201, reply.text)
      this.codes.push(reply.body.code)
      const done = i % 2 ? await desk.post(`/api/v1/cases/${reply.body.code}/actions/receive`, {}, null) : null
      assert.ok(!done || done.status === 200 || done.body.code === 'moved', done?.text)
      if (i % 6 === n) await upload(lan, pdf(`${n} ${i}`), { want: null })
    }
  }
  async filed(more) {
    for (const until = this.codes.length + more; this.codes.length < until; ) await new Promise((resolve) => setTimeout(resolve, 20))
  }
  async stop() {
    this.#going = false
    await Promise.all(this.all)
  }
}

/** All that was acknowledged is there, and goes on: found by its words, read, received; new ones come. */
async function goesOn({ lan, desk, ward }, codes) {
  const there = (await lan.all('/api/v1/cases')).map((c) => c.code)
  assert.deepEqual(codes.filter((code) => !there.includes(code)), [], 'acknowledged, and not there')
  assert.equal(new Set(there).size, there.length)
  const code = codes.at(-1)
  assert.ok((await desk.all(`/api/v1/cases?box=unit&q=${encodeURIComponent(code)}`)).some((c) => c.code === code), 'search')
  const fresh = await file(lan, ward)
  assert.ok(!there.includes(fresh.code))
  assert.equal((await act(desk, fresh.code, 'receive')).status, 2)
  return fresh.code
}

test('a city moves under load, is killed on the way, and moves back', options, async (t) => {
  const home = join(folder(), 'home')
  copyCity(demoCity(), home)
  const first = address(home), second = join(folder(), 'second'), third = emptyDatabase(join(home, 'third'))
  const lite = `sqlite:${second}/motcua.db`
  let codes = []

  await t.test('to SQLite', async () => {
    const city = await open(home, first), work = new Work(city)
    await work.filed(5)
    const to = ['--from', first, '--from-data', home, '--to', lite]
    const ready = await moved(...to)
    assert.match(ready.stdout, /Ready to switch/)
    await work.filed(5)
    const before = work.codes.length
    const done = await moved(...to, '--switch')
    assert.match(done.stdout, /case_file +\d+ +the same/)
    assert.match(done.stdout, /audit log: \d+ entries, the chain is sound; case events: \d+, the chains are sound/)
    assert.match(done.stdout, /no writes for \d+\.\d s/)
    assert.ok(work.codes.length >= before)
    const waited = work.waited
    while (work.waited < waited + 3) await new Promise((resolve) => setTimeout(resolve, 20)) // closed for good
    await work.stop()
    codes = work.codes
    await city.server.stop()
    assert.match(motcua('verify', '--db', lite), /OK\n$/)
    const there = await open(second, lite)
    codes.push(await goesOn(there, codes))
    await there.server.stop()
  })

  await t.test('what is left behind takes nothing, and says so', async () => {
    await assert.rejects(open(home, first), /đang được chuyển|being moved/)
  })

  await t.test('and back to PostgreSQL, killed wherever it may be', async () => {
    const city = await open(second, lite), work = new Work(city)
    const to = ['--from', lite, '--to', third, '--data', home]
    // The last of them dies with the old place closed to writes: it stays so until the move goes on.
    for (const [at, more] of [['move.page:7', []], ['move.taken-out', []], ['move.followed:2', ['--switch']]]) {
      await work.filed(2)
      const said = await move([...to, ...more], { MOTCUA_FAULT: at })
      assert.equal(said.signal, 'SIGKILL', `${at}\n${said.stdout}${said.stderr}`)
    }
    const done = await moved(...to, '--switch')
    assert.match(done.stdout, /Moved: \d+ rows, each the same/)
    await work.stop()
    codes.push(...work.codes)
    await city.server.stop()
    assert.match(motcua('verify', '--data', home, '--db', third), /OK\n$/)
    const there = await open(home, third)
    codes.push(await goesOn(there, codes))
    await there.server.stop()
  })

  await t.test('a city is never moved over another one, nor over what was filed since', async () => {
    await refused(/target holds other data already/, '--from', third, '--from-data', home, '--to', lite)
    await refused(/target holds other data already/, '--from', lite, '--to', third, '--data', home)
    await refused(/target holds other data already/, '--from', lite, '--to', first, '--data', home)
  })

  await t.test('given up, the old place takes writes again', async () => {
    const said = await moved('--from', lite, '--cancel')
    assert.match(said.stdout, /takes writes as before/)
    const there = await open(second, lite)
    await file(there.lan, there.ward)
    await there.server.stop()
    assert.match(motcua('verify', '--db', lite), /OK\n$/)
  })
})

test('what is wrong is told before anything is done', options, async () => {
  const home = join(folder(), 'home'), empty = emptyDatabase(join(home, 'empty'))
  copyCity(demoCity(), home)
  const lite = `sqlite:${join(home, 'lite')}/motcua.db`
  await refused(/not used correctly/, '--from', lite)
  await refused(/not used correctly/, '--from', lite, '--to', lite)
  await refused(/There is nothing here/, '--from', lite, '--to', empty)
  await refused(/cannot be reached|does not serve/, '--from', address(home), '--to', 'postgresql:///x?host=/nowhere')
  await refused(/may be read by every user|can be read by every user/, '--from', address(home), '--to', `${empty}&password=x`)
  const newer = join(home, 'newer')
  await moved('--from', address(home), '--from-data', home, '--to', `sqlite:${newer}/motcua.db`)
  assert.ok(existsSync(join(newer, 'keys')) || !existsSync(join(home, 'keys')), 'the keys go along')
  const { DatabaseSync } = await import('node:sqlite')
  new DatabaseSync(join(newer, 'motcua.db')).exec("INSERT INTO migration (module, number, what, applied_at) VALUES ('casework', 99, 'later', 0)")
  await refused(/newer version of the program/, '--from', address(home), '--from-data', home, '--to', `sqlite:${newer}/motcua.db`)
  await refused(/newer version of the program/, '--from', `sqlite:${newer}/motcua.db`, '--to', empty)
  rmSync(newer, { recursive: true })
})
