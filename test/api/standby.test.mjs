// Reads that may be somewhat old are a standby's, as long as it is known to lag no further; every other read, and every one
// when the standby is paused or away, is the database's own.
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { accounts, Client, defer, env, eventually, folder, motcua, ROOT, Server } from './harness.mjs'
import { Contract } from './contract.mjs'
import { act, file, Town } from './town.mjs'

const child = spawn('python3', [join(ROOT, 'tools/postgres.py'), '--pair'], { stdio: ['pipe', 'pipe', 'inherit'] })
defer(() => new Promise((resolve) => child.on('close', resolve).stdin.end()))
const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
const said = async () => (await lines.next()).value
const [primary, standby] = [await said(), await said()]
const tell = async (what) => (child.stdin.write(`${what}\n`), await said())
const ask = (sql) => execFileSync('psql', ['-qAtX', '-c', sql, `${standby}&dbname=postgres`], { encoding: 'utf8' }).trim()

const data = join(folder(), 'data')
const at = (url) => `${url}&dbname=postgres`
motcua('demo', '--data', data, '--db', at(primary), '--residents', '60')
const server = await Server.start(data, ['--data', data, '--db', at(primary), '--standby', at(standby)], { plain: true, env })
defer(() => server.stop())
server.contract = new Contract((await server.send('GET', '/api/v1/openapi.json')).body)
const town = Object.assign(new Town(), { server, stranger: new Client(server), accounts: accounts(data) })
const ward = town.accounts.find((a) => a.role === 'one-stop').unit
const lan = await town.citizen(0)
const mine = async (control) => {
  const { body, headers, status } = await server.send('GET', '/api/v1/cases', { headers: { ...lan.headers, ...(control && { 'Cache-Control': control }) } })
  assert.equal(status, 200)
  return { codes: body.items.map((c) => c.code), age: headers.age === undefined ? null : Number(headers.age) }
}
const served = async () => Number(/^motcua_db_standby_reads_total (\d+)/m.exec((await server.send('GET', '/metrics')).text)[1])
const follows = () => eventually(() => mine('max-age=30'), (r) => r.age !== null, 20000)

test('whoever takes an old answer is told how old it is; nobody else gets one', async () => {
  const { code } = await file(lan, ward)
  assert.deepEqual(await mine(), { codes: [code], age: null })
  for (const control of ['max-age=0', 'no-cache', 'max-age', 'max-age=x', 'max-stale=-5']) assert.equal((await mine(control)).age, null, control)
  const before = (await follows(), await served())
  await eventually(() => mine('max-stale=30'), (r) => r.codes.includes(code) && r.age <= 30, 20000)
  assert.ok((await served()) > before)
  assert.equal((await act(lan, code, 'withdraw', { note: 'x' })).status, 7) // a write is no read
})

test('what lags further than that is not asked', async () => {
  await follows()
  ask('SELECT pg_wal_replay_pause()')
  const { code } = await file(lan, ward)
  assert.ok((await mine()).codes.includes(code), 'without leave it is exact')
  await new Promise((resolve) => setTimeout(resolve, 2500))
  const near = await mine('max-age=1'), far = await mine('max-age=600')
  assert.deepEqual([near.age, near.codes.includes(code)], [null, true])
  assert.ok(far.age >= 2, `${far.age}`)
  assert.ok(!far.codes.includes(code), 'it shows what the standby has')
  ask('SELECT pg_wal_replay_resume()')
  await eventually(() => mine('max-age=1'), (r) => r.age !== null && r.codes.includes(code), 20000)
})

test('one that is away is not missed, and is asked again when it is back', async () => {
  await follows()
  assert.equal(await tell('stop'), 'stop')
  for (let i = 0; i < 5; i++) assert.equal((await mine('max-age=600')).age, null)
  assert.match((await server.send('GET', '/metrics')).text, /^motcua_db_standby_age_seconds -1$/m)
  const { code } = await file(lan, ward)
  assert.equal(await tell('start'), 'start')
  await eventually(() => mine('max-age=30'), (r) => r.age !== null && r.codes.includes(code), 60000) // first as it was when it went
})

test('SQLite has none, and says so', async () => {
  const alone = join(folder(), 'alone')
  motcua('demo', '--data', alone, '--residents', '20')
  await assert.rejects(Server.start(alone, ['--data', alone, '--standby', at(standby)], { plain: true }), /standby/)
})
