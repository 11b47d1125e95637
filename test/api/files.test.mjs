// Documents in an S3-compatible store and in a shared folder: as good as on the own disk, also when the store is slow,
// breaks off, lies, is full or is gone.
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { accounts, Client, copyCity, demoCity, env, eventually, folder, line, MOTCUA, Server } from './harness.mjs'
import { Contract } from './contract.mjs'
import { BUCKET, Bucket, certificate, KEYS } from './s3.mjs'
import { EXTRACT, pdf, Town, upload } from './town.mjs'

const files = (at) => readdirSync(at, { recursive: true, withFileTypes: true }).filter((f) => f.isFile()).map((f) => f.name)
/** A city's data, its documents not among them. */
function city() {
  const data = join(folder(), 'data')
  copyCity(demoCity(), data)
  return data
}
async function open(data, place, more = {}) {
  const server = await Server.start(data, ['--files', place], { env: { ...KEYS, ...more } })
  server.contract = new Contract((await server.send('GET', '/api/v1/openapi.json')).body)
  const town = Object.assign(new Town(), { server, stranger: new Client(server), accounts: accounts(data) })
  return { server, town, lan: await town.citizen(0) }
}
/** Beside this process, which serves the store. */
async function verify(data, place, ...more) {
  const child = spawn(MOTCUA, line(['verify', '--data', data, '--files', place, ...more]), { env: { ...env, LC_ALL: 'en_US.UTF-8', ...KEYS } })
  const said = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr']) child[name].setEncoding('utf8').on('data', (text) => (said[name] += text))
  return { status: await new Promise((resolve) => child.on('close', resolve)), ...said }
}
const big = (n) => Buffer.concat([pdf(`big ${n}`), Buffer.alloc(300_000, `${n} `)])
const key = (sha256) => `${sha256.slice(0, 2)}/${sha256.slice(2)}`

/** Everything that is asked of a place, whichever it is. */
async function asked({ server, lan }) {
  const bytes = big(1), sha256 = createHash('sha256').update(bytes).digest('hex')
  const paper = await upload(lan, bytes)
  assert.equal(paper.sha256, sha256)
  assert.deepEqual((await lan.get(`/api/v1/documents/${paper.id}/content`)).bytes, bytes)
  const part = await lan.get(`/api/v1/documents/${paper.id}/content`, 206, { Range: 'bytes=1000-1999' })
  assert.deepEqual(part.bytes, bytes.subarray(1000, 2000))
  assert.equal((await upload(lan, bytes)).sha256, sha256, 'the same once more')
  assert.ok(server)
  return { paper, bytes, sha256 }
}

test('a folder that several nodes share', async () => {
  const data = city(), shared = join(folder(), 'shared')
  const { server, lan } = await open(data, shared)
  const { sha256, paper, bytes } = await asked({ server, lan })
  assert.deepEqual(readFileSync(join(shared, key(sha256))), bytes)
  assert.ok(!existsSync(join(data, 'files', key(sha256))), 'not on the own disk')
  // Another node starts: what lies half sent is swept only when nobody holds it.
  writeFileSync(join(shared, 'tmp/99'), 'of one that died')
  const second = await open(city(), shared)
  assert.deepEqual(files(join(shared, 'tmp')), [])
  await second.server.stop()
  await lan.get(`/api/v1/documents/${paper.id}/content`, 200)
  await server.stop()
  const proof = await verify(data, shared)
  assert.equal(proof.status, 0, proof.stdout + proof.stderr)
})

test('an S3 store', async (t) => {
  const store = await Bucket.start()
  const data = city(), place = store.place()
  let { server, lan, town } = await open(data, place)
  const again = async () => {
    await server.stop()
    ;({ server, lan, town } = await open(data, place))
  }
  const content = (paper, want = 200) => lan.get(`/api/v1/documents/${paper.id}/content`, want)
  /** No copy stays among the uploads, once their requests are over: that is a moment after their replies. */
  const swept = () => eventually(() => files(join(data, 'files')), (left) => left.length === 0)
  const forget = () => rmSync(join(data, 'cache'), { recursive: true }) || mkdirSync(join(data, 'cache'))
  let first

  await t.test('takes and gives documents under their digests', async () => {
    first = await asked({ server, lan })
    assert.deepEqual(readFileSync(store.file(key(first.sha256))), first.bytes)
    assert.equal(store.count('GET', first.sha256.slice(2)), 0, 'what was just sent is still near')
    await swept()
  })

  await t.test('a node that never saw them has them all', async () => {
    await server.stop()
    rmSync(join(data, 'cache'), { recursive: true })
    ;({ server, lan, town } = await open(data, place))
    assert.deepEqual((await content(first.paper)).bytes, first.bytes)
    assert.deepEqual((await content(first.paper)).bytes, first.bytes)
    assert.equal(store.count('GET', first.sha256.slice(2)), 1, 'fetched once')
  })

  await t.test('a download that breaks off goes on where it stopped', async () => {
    forget()
    let cuts = 2
    store.trouble = ({ method }) => (method === 'GET' && cuts-- > 0 ? 'cut-download' : undefined)
    assert.deepEqual((await content(first.paper)).bytes, first.bytes)
    assert.deepEqual(store.asked.filter((a) => a.range).map((a) => a.range), ['bytes=40000-', 'bytes=80000-'])
    store.trouble = () => undefined
  })

  await t.test('what a store lies about is not shown, nor kept', async () => {
    forget()
    store.trouble = () => 'lie'
    assert.equal((await content(first.paper, 500)).body.code, 'io')
    assert.deepEqual(files(join(data, 'cache')), [])
    await swept()
    store.trouble = () => undefined
    assert.deepEqual((await content(first.paper)).bytes, first.bytes)
  })

  await t.test('an upload that breaks off once is sent again', async () => {
    let cuts = 1
    store.trouble = ({ method }) => (method === 'PUT' && cuts-- > 0 ? 'cut-upload' : undefined)
    const paper = await upload(lan, big(2))
    assert.equal(readFileSync(store.file(key(paper.sha256))).length, big(2).length)
    store.trouble = () => undefined
  })

  const troubles = [
    ['cut-upload', 503, 'file-store'], ['broken', 503, 'file-store'], ['forget', 503, 'file-store'],
    ['full', 507, 'disk-full'], ['quota', 507, 'disk-full'],
  ]
  for (const [what, status, code] of troubles)
    await t.test(`${what}: told so, nothing half kept, and over when it is over`, async () => {
      store.trouble = ({ method }) => (method === 'PUT' ? what : undefined)
      const bytes = big(what)
      const refused = await lan.post('/api/v1/documents', bytes, status, { 'Content-Type': 'application/pdf', 'Idempotency-Key': `f-${what}` })
      assert.equal(refused.body.code, code)
      assert.ok(refused.headers['retry-after'])
      await swept()
      assert.ok(!existsSync(store.file(key(createHash('sha256').update(bytes).digest('hex')))))
      store.trouble = () => undefined
      // The same request, asked again under its key, is done once.
      const { body } = await eventually(
        () => lan.post('/api/v1/documents', bytes, null, { 'Content-Type': 'application/pdf', 'Idempotency-Key': `f-${what}` }), (r) => r.status === 201)
      assert.deepEqual((await content(body)).bytes, bytes)
    })

  await t.test('gone: files wait, everything else goes on, and it recovers by itself', async () => {
    forget()
    await store.shut()
    const unit = town.accounts.find((a) => a.role === 'one-stop').unit
    const began = Date.now()
    assert.equal((await content(first.paper, 503)).body.code, 'file-store')
    assert.ok(Date.now() - began < 10_000, `${Date.now() - began} ms`)
    const many = await Promise.all(Array.from({ length: 40 }, () => content(first.paper, 503)))
    assert.ok(many.every((r) => r.headers['retry-after']))
    const { body } = await lan.post('/api/v1/cases', { service: EXTRACT, unit, form: { copies: 1 } }, 201)
    await lan.get(`/api/v1/cases/${body.code}`, 200)
    await store.open()
    assert.deepEqual((await eventually(() => content(first.paper, null), (r) => r.status === 200)).bytes, first.bytes)
  })

  await t.test('silent: a request ends all the same', async () => {
    forget()
    store.trouble = () => 'hang'
    const began = Date.now()
    const [one] = await Promise.all([content(first.paper, 503), lan.get('/api/v1/cases', 200)])
    assert.equal(one.body.code, 'file-store')
    assert.ok(Date.now() - began < 25_000, `${Date.now() - began} ms`)
    store.trouble = () => undefined
    await eventually(() => content(first.paper, null), (r) => r.status === 200)
  })

  await t.test('what is near stays bounded', async () => {
    await server.stop()
    ;({ server, lan, town } = await open(data, store.place('&cache=1')))
    const papers = []
    for (let n = 10; n < 18; n++) papers.push(await upload(lan, big(n)))
    const near = files(join(data, 'cache'))
    assert.ok(near.length >= 1 && near.length <= 3, `${near.length} × 300 KB in a cache of 1 MiB`)
    for (const [i, paper] of papers.entries()) assert.deepEqual((await content(paper)).bytes, big(10 + i))
    await again()
  })

  await t.test('verify lists and reads them, says what is missing or changed, and can go on', async () => {
    for (let n = 20; n < 40; n++) await upload(lan, big(n))
    await server.stop()
    let proof = await verify(data, place)
    assert.equal(proof.status, 0, proof.stdout + proof.stderr)
    // Cut off in the middle: told so, and gone on from there.
    let left = 20
    store.trouble = ({ method, path }) => (method === 'GET' && !path.includes('list-type') && left-- <= 0 ? 'broken' : undefined)
    proof = await verify(data, place)
    assert.equal(proof.status, 1, proof.stdout)
    assert.match(proof.stderr, /file store cannot be reached/)
    assert.ok(!/BROKEN/.test(proof.stdout), 'a store that does not answer proves nothing')
    store.trouble = () => undefined
    store.asked.length = 0
    proof = await verify(data, place, '--resume')
    assert.equal(proof.status, 0, proof.stdout + proof.stderr)
    const all = readdirSync(join(store.folder, BUCKET), { recursive: true }).filter((f) => f.endsWith('_object')).length
    assert.equal(store.asked.filter((a) => a.method === 'GET' && !a.path.includes('list-type')).length, all - 16, 'the first sixteen were read before')
    // Changed, then gone.
    const at = store.file(key(first.sha256)), bytes = readFileSync(at)
    writeFileSync(at, Buffer.concat([bytes.subarray(0, -1), Buffer.from('!')]))
    proof = await verify(data, place)
    assert.equal(proof.status, 1)
    assert.match(proof.stdout, /BROKEN/)
    assert.match(proof.stderr, /document_broken/)
    rmSync(at)
    proof = await verify(data, place)
    assert.equal(proof.status, 1)
    assert.match(proof.stderr, /not in the list of the store/)
    writeFileSync(at, bytes)
    store.trouble = ({ path }) => (path.includes('list-type') ? 'nonsense' : undefined)
    proof = await verify(data, place)
    assert.equal(proof.status, 1)
    assert.match(proof.stderr, /no XML/)
    store.trouble = () => undefined
  })
})

test('over TLS only with a store that proves who it is', async () => {
  const { ca, ...tls } = certificate()
  const store = await Bucket.start({ tls })
  const data = city()
  const trusted = await open(data, store.place(`&ca=${encodeURIComponent(ca)}`, 'https'))
  await upload(trusted.lan)
  await trusted.server.stop()
  const doubtful = await open(data, store.place('', 'https'))
  assert.equal((await upload(doubtful.lan, pdf('doubtful'), { want: 503 })).code, 'file-store')
  assert.match(doubtful.server.stderr, /SSL|certificate/)
  await doubtful.server.stop()
})

test('who may not is told so, in the log without the key', async () => {
  const store = await Bucket.start()
  const data = city()
  const { server, lan } = await open(data, store.place(), { AWS_SECRET_ACCESS_KEY: 'wrong-secret' })
  assert.equal((await upload(lan, pdf('x'), { want: 503 })).code, 'file-store')
  assert.ok(server.logged('file_store_refuses').length > 0)
  assert.ok(!server.stderr.includes('wrong-secret'))
  await server.stop()
  // Keys in a file: only its owner may read it.
  const keys = join(folder(), 'keys')
  writeFileSync(keys, 'AWS_ACCESS_KEY_ID=S3RVER\nAWS_SECRET_ACCESS_KEY=S3RVER\n', { mode: 0o600 })
  const none = { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '', MOTCUA_S3_CREDENTIALS: keys }
  const known = await open(data, store.place(), none)
  await upload(known.lan)
  await known.server.stop()
  chmodSync(keys, 0o644)
  await assert.rejects(open(data, store.place(), none), /0600/)
})

test('a place that is written wrongly is explained', () => {
  const data = city()
  const rows = [
    ['s3://papers', /endpoint=/], ['s3://papers?endpoint=ftp://x', /endpoint=ftp/], ['s3://papers?endpoint=http://10.0.0.1:9000', /plain=1/],
    ['s3://Papers?endpoint=https://x', /s3:\/\/Papers/], ['s3://papers?endpoint=https://x&secret=y', /secret/], ['s3://papers?endpoint=https://x&cache=0', /cache=0/],
  ]
  for (const [place, why] of rows) {
    const said = spawnSync(MOTCUA, ['serve', '--data', data, '--files', place, '--listen', '127.0.0.1:0'], { env: { ...env, ...KEYS }, encoding: 'utf8', timeout: 20_000 })
    assert.equal(said.status, 2, place)
    assert.match(said.stderr, why)
  }
})
