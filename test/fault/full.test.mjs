// A full disk: writes are told so with 507, reads go on, and once there is room again everything works without a restart.
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, rmdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { accounts, Client, defer, demoCity, motcua, Server } from '../api/harness.mjs'
import { Contract } from '../api/contract.mjs'
import { pdf, Town, upload } from '../api/town.mjs'

/** A small disk of its own; only root can have one. */
function smallDisk(mebibytes) {
  const path = mkdtempSync(join(tmpdir(), 'motcua-disk-'))
  defer(() => {
    spawnSync('umount', ['-l', path], { stdio: 'ignore' })
    rmdirSync(path)
  })
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m`, 'tmpfs', path], { stdio: 'ignore' })
  } catch {
    return null
  }
  return path
}

const city = demoCity()
const size = Number(execFileSync('du', ['-sm', city], { encoding: 'utf8' }).split('\t')[0])
const disk = smallDisk(size + 48)
const ballast = () => join(disk, 'ballast')

/** Takes what room there is, but for some bytes. */
function fill(leave) {
  const { bavail, bsize } = statfsSync(disk)
  if (bavail * bsize > leave) writeFileSync(ballast(), Buffer.alloc(bavail * bsize - leave))
}

test('a full disk', { skip: disk ? false : 'needs a small disk of its own (root)' }, async (t) => {
  const data = join(disk, 'data')
  cpSync(city, data, { recursive: true })
  const server = await Server.start(data)
  server.contract = new Contract((await server.send('GET', '/api/v1/openapi.json')).body)
  const town = Object.assign(new Town(), { server, stranger: new Client(server), accounts: accounts(data) })
  const lan = await town.citizen(0)
  const unit = town.accounts.find((a) => a.role === 'one-stop').unit
  const submit = (want) => lan.post('/api/v1/cases', { service: '2.000635', unit, form: { copies: 1, purpose: 'x'.repeat(200) } }, want)
  const filed = [(await submit(201)).body.code]

  await t.test('filing goes on until there is no room, then is told so', async () => {
    fill(512 << 10)
    let reply
    for (let i = 0; i < 5000; i++) {
      reply = await submit(null)
      if (reply.status !== 201) break
      filed.push(reply.body.code)
    }
    assert.equal(reply.status, 507)
    assert.equal(reply.body.code, 'disk-full')
    assert.equal((await submit(507)).body.code, 'disk-full')
  })

  await t.test('an upload is told so too, and leaves nothing behind', async () => {
    const before = readdirSync(data, { recursive: true }).length
    const big = Buffer.concat([pdf('big'), Buffer.alloc(4 << 20, 'x')])
    assert.equal((await upload(lan, big, { want: 507 })).code, 'disk-full')
    assert.equal(readdirSync(data, { recursive: true }).length, before)
  })

  await t.test('reads go on', async () => {
    await lan.get(`/api/v1/cases/${filed[0]}`, 200)
    await lan.get('/api/v1/cases', 200)
    await town.stranger.get('/api/v1/services?q=trich%20luc', 200)
    await town.stranger.get(`/api/v1/track/${filed[0]}`, 200)
    await town.stranger.get('/healthz', 200)
  })

  await t.test('with room again everything works, and nothing acknowledged is lost', async () => {
    rmSync(ballast())
    filed.push((await submit(201)).body.code)
    await upload(lan, pdf('after'))
    const there = (await lan.all('/api/v1/cases')).map((c) => c.code)
    assert.deepEqual(filed.filter((code) => !there.includes(code)), [])
    const numbers = filed.map((c) => Number(c.split('-').at(-1)))
    assert.deepEqual(numbers, numbers.map((_, i) => i + 1))
  })

  await server.stop()
  motcua('verify', '--data', data)
})
