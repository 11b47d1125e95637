// Encrypted, incremental backups: made while a city works, readable only with the key that the server does not have,
// restored elsewhere and proven; what was altered, cut off or is of another key is told.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { chmodSync, cpSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { accounts, Client, defer, demoCity, env, eventually, folder, MOTCUA, Server } from './harness.mjs'
import { Contract } from './contract.mjs'
import { Bucket, KEYS } from './s3.mjs'
import { EXTRACT, pdf, Town, upload } from './town.mjs'

/** A subcommand beside this process, which may serve the store: { status, stdout, stderr }. */
async function run(...args) {
  const child = spawn(MOTCUA, args, { env: { ...env, LC_ALL: 'en_US.UTF-8', ...KEYS } })
  const said = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr']) child[name].setEncoding('utf8').on('data', (text) => (said[name] += text))
  return { status: await new Promise((resolve) => child.on('close', resolve)), ...said }
}
async function done(...args) {
  const said = await run(...args)
  assert.equal(said.status, 0, `motcua ${args.join(' ')}\n${said.stdout}${said.stderr}`)
  return said
}
const pieces = (said) => /(\d+) documents, (\d+) pieces sent \((\d+) bytes\), (\d+) were there/.exec(said.stdout).slice(1).map(Number)
const files = (at) => readdirSync(at, { recursive: true, withFileTypes: true }).filter((f) => f.isFile()).map((f) => join(f.parentPath, f.name))

async function open(data) {
  const server = await Server.start(data)
  defer(() => server.child.kill('SIGKILL')) // of a test that failed midway
  server.contract = new Contract((await server.send('GET', '/api/v1/openapi.json')).body)
  const town = Object.assign(new Town(), { server, stranger: new Client(server), accounts: accounts(data) })
  return { server, town, lan: await town.citizen(0), unit: town.accounts.find((a) => a.role === 'one-stop').unit }
}
async function keys() {
  const key = join(folder(), 'key')
  await done('backup-key', key)
  return { secret: key, public: `${key}.pub` }
}
const big = (n) => Buffer.concat([pdf(`paper ${n}`), Buffer.alloc(200_000, `${n} `)])

test('the drill: backed up under load, restored elsewhere, proven, the same dossiers', async () => {
  const data = join(folder(), 'data'), place = join(folder(), 'backups'), key = await keys()
  cpSync(demoCity(), data, { recursive: true })
  const { server, lan, unit } = await open(data)
  const filed = [], papers = []
  let working = true
  const work = async (n) => {
    for (let i = 0; working; i++) {
      filed.push((await lan.post('/api/v1/cases', { service: EXTRACT, unit, form: { copies: 1 } }, 201)).body.code)
      if (i % 8 === n) papers.push((await upload(lan, pdf(`of ${n} ${i}`))).sha256)
    }
  }
  papers.push((await upload(lan, big(1))).sha256)
  filed.push((await lan.post('/api/v1/cases', { service: EXTRACT, unit, form: { copies: 1 } }, 201)).body.code)
  const workers = [0, 1, 2, 3].map(work)
  const before = [...filed], had = [...papers]
  await done('backup', '--data', data, '--key', key.public, place)
  working = false
  await Promise.all(workers)

  // Nothing of it can be read, nor found by its digest, by who has the place alone.
  const name = accounts(data)[0].user
  for (const path of files(place)) {
    const bytes = readFileSync(path)
    assert.ok(!bytes.includes('SQLite format') && !bytes.includes('%PDF') && !bytes.includes(name), path)
    assert.ok(!papers.some((sha256) => path.includes(sha256.slice(2))), path)
  }

  const elsewhere = join(folder(), 'restored')
  const said = await done('restore', '--data', elsewhere, '--key', key.secret, place)
  assert.match(said.stdout, /OK\n$/, 'it proved itself')
  const restored = await open(elsewhere)
  const codes = (await restored.lan.all('/api/v1/cases')).map((c) => c.code)
  assert.deepEqual(before.filter((code) => !codes.includes(code)), [], 'filed before the backup')
  assert.deepEqual(codes.filter((code) => !filed.includes(code)), [])
  for (const sha256 of had) assert.ok(existsSync(join(elsewhere, 'files', sha256.slice(0, 2), sha256.slice(2))))
  restored.server.child.kill()
  await server.stop()
})

test('only what is new is sent, old backups go, and each that stays is whole', async () => {
  const data = join(folder(), 'data'), place = join(folder(), 'backups'), key = await keys()
  cpSync(demoCity(), data, { recursive: true })
  const { server, lan, unit } = await open(data)
  const backup = async (...more) => pieces(await done('backup', '--data', data, '--key', key.public, ...more, place))
  await upload(lan, big(1))
  const [documents, sent] = await backup()
  assert.ok(documents >= 1 && sent > documents)
  // What runs behind an upload (its job, the log of reads) still writes for a moment; then nothing is sent.
  await eventually(async () => (await backup()).slice(1, 3), ([n, bytes]) => n === 0 && bytes === 0, 30000)
  const middle = new Date().toISOString()
  const { body } = await lan.post('/api/v1/cases', { service: EXTRACT, unit, form: { copies: 1 } }, 201)
  await upload(lan, big(2))
  const [more, few] = await backup()
  assert.equal(more, documents + 1)
  assert.ok(few > 0 && few < sent, `${few} of ${sent}`)

  // The one of a time before.
  const then = join(folder(), 'then')
  await done('restore', '--data', then, '--key', key.secret, '--at', middle, place)
  const old = await open(then)
  await old.lan.get(`/api/v1/cases/${body.code}`, 404)
  await old.server.stop()

  await lan.post('/api/v1/cases', { service: EXTRACT, unit, form: { copies: 1 } }, 201)
  const chunks = files(join(place, 'chunks')).length
  await backup('--keep', '1')
  assert.equal(files(join(place, 'manifests')).length, 1)
  assert.equal(files(join(place, 'lists')).length, 1)
  assert.ok(files(join(place, 'chunks')).length < chunks, 'chunks that only the old ones needed are gone')
  await server.stop()
  await done('restore', '--data', join(folder(), 'kept'), '--key', key.secret, place)
})

test('what is wrong is told, and leaves nothing half', async (t) => {
  const data = join(folder(), 'data'), place = join(folder(), 'backups'), key = await keys(), other = await keys()
  cpSync(demoCity(), data, { recursive: true })
  await done('backup', '--data', data, '--key', key.public, place)
  const to = join(folder(), 'restored')
  const refused = async (why, ...args) => {
    const said = await run('restore', '--data', to, ...args)
    assert.ok(said.status > 0, said.stdout)
    assert.match(said.stderr, why)
    assert.ok(!existsSync(to) && !existsSync(`${to}.part`), 'nothing is left')
  }
  await t.test('the server\'s half, another key, a key that anyone may read, no backup', async () => {
    await refused(/secret=/, '--key', key.public, place)
    await refused(/not sealed for this key/, '--key', other.secret, place)
    await refused(/no backup/, '--key', key.secret, folder())
    await refused(/no backup/, '--key', key.secret, '--at', '2020-01-01T00:00:00Z', place)
    chmodSync(other.secret, 0o640)
    await refused(/0600/, '--key', other.secret, place)
  })
  await t.test('a chunk altered, cut, exchanged or gone', async () => {
    const [one, two] = files(join(place, 'chunks')), bytes = readFileSync(one)
    const flipped = Buffer.from(bytes)
    flipped[flipped.length >> 1] ^= 1
    for (const wrong of [flipped, bytes.subarray(0, -100), Buffer.concat([bytes, Buffer.from('x')]), readFileSync(two)]) {
      writeFileSync(one, wrong)
      await refused(/damaged or was altered/, '--key', key.secret, place)
    }
    rmSync(one)
    await refused(/is missing/, '--key', key.secret, place)
    writeFileSync(one, bytes)
  })
  await t.test('a manifest that someone else made', async () => {
    const shared = /shared=.*/.exec(readFileSync(key.public, 'utf8'))[0]
    const forger = join(folder(), 'forged'), forged = join(folder(), 'backups')
    writeFileSync(forger, readFileSync(key.public, 'utf8').replace(shared, `shared=${'00'.repeat(32)}`), { mode: 0o600 })
    await done('backup', '--data', data, '--key', forger, forged)
    await refused(/not by the server of this key/, '--key', key.secret, forged)
  })
  await t.test('a folder whose city is on PostgreSQL', async () => {
    const at = folder()
    for (const how of [['--key', key.public], []]) {
      const said = await run('backup', '--data', at, ...how, join(at, 'copy'))
      assert.equal(said.status, 1)
      assert.match(said.stderr, /on PostgreSQL is backed up with pgBackRest or pg_dump/)
      assert.deepEqual(readdirSync(at), [], 'nothing was made')
    }
  })
  await t.test('a full folder is not restored over', async () => {
    const said = await run('restore', '--data', data, '--key', key.secret, place)
    assert.ok(said.status > 0)
    assert.ok(statSync(join(data, 'motcua.db')).size > 0)
  })
  await done('restore', '--data', to, '--key', key.secret, place)
})

test('to S3, cut off in the middle, and gone on', async () => {
  const store = await Bucket.start()
  const data = join(folder(), 'data'), key = await keys()
  cpSync(demoCity(), data, { recursive: true })
  let left = 6
  store.trouble = ({ method }) => (method === 'PUT' && left-- <= 0 ? 'broken' : undefined)
  const cut = await run('backup', '--data', data, '--key', key.public, store.place())
  assert.equal(cut.status, 1)
  assert.match(cut.stderr, /file store cannot be reached/)
  assert.ok(!existsSync(join(data, 'backup.part')), 'the work folder is gone')
  store.trouble = () => undefined
  const nothing = await run('restore', '--data', join(folder(), 'r'), '--key', key.secret, store.place())
  assert.match(nothing.stderr, /no backup/, 'one that was cut off is none')
  const [, sent, , there] = pieces(await done('backup', '--data', data, '--key', key.public, store.place()))
  assert.ok(there >= 6 && sent > 0, `${there} were there, ${sent} sent`)
  await done('restore', '--data', join(folder(), 'r'), '--key', key.secret, store.place())
})
