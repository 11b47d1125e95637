// Asked to end while it works: what runs is finished, nothing acknowledged is lost, and it is gone within five seconds.
import assert from 'node:assert/strict'
import { cpSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { accounts, Client, demoCity, folder, motcua, Server } from '../api/harness.mjs'
import { Contract } from '../api/contract.mjs'
import { Town } from '../api/town.mjs'

async function begin() {
  const data = join(folder(), 'data')
  cpSync(demoCity(), data, { recursive: true })
  const server = await Server.start(data)
  server.contract = new Contract((await server.send('GET', '/api/v1/openapi.json')).body)
  return Object.assign(new Town(), { server, stranger: new Client(server), accounts: accounts(data) })
}

const gone = /ECONN|socket hang up|EPIPE/

for (const signal of ['SIGTERM', 'SIGINT'])
  test(`${signal} while sixteen file and some listen`, async () => {
    const town = await begin()
    const { server } = town
    const citizens = await Promise.all([0, 1, 2, 3].map((n) => town.citizen(n)))
    const unit = town.accounts.find((a) => a.role === 'one-stop').unit
    const listeners = await Promise.all(citizens.map((c) => c.listen()))
    const idle = connect(server.port, '127.0.0.1').on('error', () => {})
    const slow = connect(server.port, '127.0.0.1').on('error', () => {})
    slow.write('GET /api/v1/me HTTP/1.1\r\nHost: x\r\nX-')
    const filed = []
    const working = Array.from({ length: 16 }, async (_, n) => {
      for (;;) {
        const reply = await citizens[n % 4].post('/api/v1/cases', { service: '2.000635', unit, form: { copies: 1 } }, null).catch((e) => {
          if (!gone.test(`${e.code} ${e.message}`)) throw e
        })
        if (!reply || reply.status === 503) return
        assert.equal(reply.status, 201)
        filed.push(reply.body.code)
      }
    })
    while (filed.length < 50) await new Promise((resolve) => setTimeout(resolve, 2))
    const asked = Date.now()
    server.child.kill(signal)
    await Promise.all(working)
    await server.stop()
    const took = Date.now() - asked
    idle.destroy()
    slow.destroy()
    listeners.forEach((l) => l.close())
    assert.ok(took < 5000, `${took} ms`)

    const again = await Server.start(server.data ?? server.child.spawnargs.at(-3))
    again.contract = server.contract
    const there = []
    for (const c of citizens) there.push(...(await new Client(again, c.headers).all('/api/v1/cases')).map((x) => x.code))
    assert.deepEqual([...there].sort(), [...filed].sort(), 'what is there is what was acknowledged')
    await again.stop()
    motcua('verify', '--data', again.data)
  })

test('the same folder is not served twice', async () => {
  const town = await begin()
  await assert.rejects(Server.start(town.server.data), /ended at once/)
  await town.stranger.get('/healthz', 200)
  await town.server.stop()
})
