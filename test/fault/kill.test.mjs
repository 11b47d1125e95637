// The power goes at any moment: what was acknowledged is there once, codes have no gaps and no doubles, half uploads are
// swept, and the house proves itself sound.
import assert from 'node:assert/strict'
import { cpSync, readdirSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { accounts, Client, demoCity, eventually, folder, motcua, Server } from '../api/harness.mjs'
import { Contract } from '../api/contract.mjs'
import { Town, upload } from '../api/town.mjs'

const ROUNDS = Number(process.env.KILL_ROUNDS ?? 4)
const CLIENTS = 16
const data = join(folder(), 'data')
cpSync(demoCity(), data, { recursive: true })

/** Starts over the same folder, with tokens that outlive it. */
async function open() {
  const server = await Server.start(data)
  server.contract ??= new Contract((await server.send('GET', '/api/v1/openapi.json')).body)
  return server
}

/** What an upload leaves that was cut off: under tmp/ or a passing name. */
const halves = () => readdirSync(data, { recursive: true, withFileTypes: true })
  .filter((f) => f.isFile() && (/\/tmp$/.test(f.parentPath) || f.name.endsWith('.part'))).map((f) => f.name)

let server = await open()
const town = Object.assign(new Town(), { server, stranger: new Client(server) })
town.accounts = accounts(data)
const wards = [...new Set(town.accounts.filter((a) => a.role === 'one-stop').map((a) => a.unit))].slice(0, 3)
const citizens = await Promise.all([0, 1, 2, 3].map((n) => town.citizen(n)))
const officers = await Promise.all(wards.map((w) => town.as('one-stop', w)))
const acknowledged = new Map() // code → key of the request
const received = new Set()
let serial = 0

/** Files (and sometimes receives) until the server is gone. A request without an answer is asked again after the start. */
async function work(n, unanswered) {
  const client = new Client(server, citizens[n % citizens.length].headers, `client ${n}`)
  const unit = wards[n % wards.length]
  const desk = new Client(server, officers[n % wards.length].headers, 'desk')
  for (;;) {
    const request = { unit, key: `kill-${serial++}`, client: n % citizens.length }
    try {
      const { body } = await client.post('/api/v1/cases', { service: '2.000635', unit, form: { copies: 1 } }, 201, { 'Idempotency-Key': request.key })
      acknowledged.set(body.code, request.key)
      if (serial % 3 === 0) {
        await desk.post(`/api/v1/cases/${body.code}/actions/receive`, {}, 200)
        received.add(body.code)
      }
    } catch (e) {
      if (!/ECONN|socket hang up|EPIPE/.test(`${e.code} ${e.message}`)) throw e
      if (!acknowledged.has([...acknowledged].find(([, key]) => key === request.key)?.[0])) unanswered.push(request)
      return
    }
  }
}

/** An upload that stops in the middle. */
function halfUpload() {
  const socket = connect(server.port, '127.0.0.1').on('error', () => {})
  socket.write(`POST /api/v1/documents HTTP/1.1\r\nHost: localhost\r\nAuthorization: ${citizens[0].headers.Authorization}\r\nContent-Type: application/pdf\r\nContent-Length: 5000000\r\n\r\n%PDF-1.4 ${'x'.repeat(200_000)}`)
}

for (let round = 1; round <= ROUNDS; round++)
  test(`killed under load, round ${round} of ${ROUNDS}`, async (t) => {
    const before = acknowledged.size
    const unanswered = []
    halfUpload()
    await eventually(halves, (found) => found.length > 0) // it is on its way in
    const whole = await upload(new Client(server, citizens[1].headers))
    const working = Array.from({ length: CLIENTS }, (_, n) => work(n, unanswered))
    // By count, not by time: a slow machine is killed in the midst of work too.
    while (acknowledged.size < before + 60 + round * 25) await new Promise((resolve) => setTimeout(resolve, 2))
    server.child.kill('SIGKILL')
    await Promise.all(working)
    await server.ended
    motcua('verify', '--data', data)

    server = await open()
    const ask = (n) => new Client(server, citizens[n].headers)
    t.diagnostic(`${acknowledged.size - before} acknowledged, ${unanswered.length} without an answer`)
    assert.deepEqual(halves(), [], 'half uploads are swept')
    await ask(1).get(`/api/v1/documents/${whole.id}/content`, 200)

    // Asked again under their keys, the unanswered ones are done once, whether they had been or not.
    for (const { unit, key, client } of unanswered) {
      const { body } = await ask(client).post('/api/v1/cases', { service: '2.000635', unit, form: { copies: 1 } }, 201, { 'Idempotency-Key': key })
      acknowledged.set(body.code, key)
    }
    const there = []
    for (let n = 0; n < citizens.length; n++) there.push(...(await ask(n).all('/api/v1/cases')))
    const codes = there.map((c) => c.code)
    assert.equal(new Set(codes).size, codes.length, 'a code twice')
    assert.deepEqual([...acknowledged.keys()].filter((code) => !codes.includes(code)), [], 'acknowledged and lost')
    assert.deepEqual(codes.filter((code) => !acknowledged.has(code)), [], 'there, though nobody was told even when asked again')
    for (const code of received) assert.ok(there.find((c) => c.code === code).status >= 2, `${code} was received`)
    for (const ward of wards) {
      const numbers = codes.filter((c) => c.startsWith(`${ward}-`)).map((c) => Number(c.split('-').at(-1))).sort((a, b) => a - b)
      assert.deepEqual(numbers, numbers.map((_, i) => i + 1), `numbers of ${ward}`)
    }
  })

test('every receipt is drawn once, whenever the power went', async () => {
  const mine = []
  for (let n = 0; n < citizens.length; n++)
    for (const { code } of await new Client(server, citizens[n].headers).all('/api/v1/cases')) if (received.has(code)) mine.push([n, code])
  assert.equal(mine.length, received.size)
  for (const [n, code] of mine) {
    const slips = async () => (await new Client(server, citizens[n].headers).get(`/api/v1/cases/${code}/slips`)).body.items
    const [slip, ...more] = await eventually(slips, (items) => items.every((s) => s.document), 30_000)
    assert.equal(slip?.kind, 'receipt')
    assert.deepEqual(more, [])
  }
})

test('a drawing that dies loses neither the action nor the slip', async () => {
  await server.stop()
  server = await Server.start(data, [], { env: { MOTCUA_FAULT: 'document.before-link' } })
  server.contract = new Contract((await server.send('GET', '/api/v1/openapi.json')).body)
  const { body } = await new Client(server, citizens[0].headers).post('/api/v1/cases', { service: '2.000635', unit: wards[0], form: { copies: 1 } }, 201)
  await new Client(server, officers[0].headers).post(`/api/v1/cases/${body.code}/actions/receive`, {}, null).catch(() => {})
  await server.ended // the receipt's bytes had no name yet
  server = await open()
  const lan = new Client(server, citizens[0].headers)
  assert.equal((await lan.get(`/api/v1/cases/${body.code}`)).body.status, 2, 'received all the same')
  const [slip] = await eventually(async () => (await lan.get(`/api/v1/cases/${body.code}/slips`)).body.items, ([s]) => s?.document, 60_000)
  assert.ok((await lan.get(`/api/v1/documents/${slip.document.id}/content`)).bytes.includes('%%EOF'))
})

test('in the end it stops well, and is sound', async () => {
  await server.stop()
  assert.match(motcua('verify', '--data', data), /./)
})
