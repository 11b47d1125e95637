// What machines ask: health, counters, the contract itself and its linter, caching, the audit, the client's own pages.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { eventually, folder, motcua, ROOT } from './harness.mjs'
import { act, EXTRACT, file, ROLES, Town } from './town.mjs'

const town = await Town.open()
const { stranger } = town

test('alive and ready', async () => {
  assert.deepEqual((await stranger.get('/healthz')).body, { status: 'alive' })
  assert.deepEqual((await stranger.get('/readyz')).body, { status: 'ready' })
})

test('counters in the Prometheus format move', async () => {
  const count = async () => {
    const { text, headers } = await stranger.get('/metrics')
    assert.match(headers['content-type'], /^text\/plain; version=0\.0\.4/)
    const names = new Set()
    for (const line of text.trim().split('\n'))
      if (!line.startsWith('#')) {
        assert.match(line, /^[a-z_:][a-z0-9_:]*(\{[a-z_]+="[^"]*"(,[a-z_]+="[^"]*")*\})? -?[\d.e+]+(Inf|NaN)?$/i, line)
        names.add(line)
      }
    return names
  }
  const before = await count()
  await stranger.get(`/api/v1/services/${EXTRACT}`)
  const after = await count()
  assert.ok([...after].some((line) => !before.has(line) && line.includes('services')), 'a request for a service is counted')
  const written = (lines) => Number([...lines].find((line) => line.startsWith('motcua_db_writes_total ')).split(' ')[1])
  await town.signIn((await town.citizen(0)).account)
  assert.ok(written(await count()) > written(after), 'a session is a write')
})

test('the contract: as the command line prints it, and clean under its linter', (t) => {
  const printed = JSON.parse(motcua('openapi'))
  assert.deepEqual(printed, town.contract.document)
  const redocly = [join(ROOT, 'test/node_modules/.bin/redocly'), join(ROOT, 'web/node_modules/.bin/redocly')].find(existsSync)
  if (!redocly) return t.skip('npm ci in test/ brings the linter')
  const path = join(folder(), 'openapi.json')
  writeFileSync(path, JSON.stringify(printed))
  const run = spawnSync(redocly, ['lint', '--config', join(ROOT, 'test/api/redocly.yaml'), '--format', 'stylish', path], {
    encoding: 'utf8', env: { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true', CI: '1' },
  })
  assert.equal(run.status, 0, run.stdout + run.stderr)
  assert.doesNotMatch(run.stdout + run.stderr, /\bwarning/i)
})

test('every path of the contract is of the design, with an id, a summary and a right of its own', () => {
  const ids = new Set()
  for (const { method, path, operation } of town.contract.operations) {
    const where = `${method} ${path}`
    assert.ok(operation.summary?.length > 3, where)
    assert.ok(!ids.has(operation.operationId), `${where}: ${operation.operationId} twice`)
    ids.add(operation.operationId)
    assert.ok(operation.security.length === 0 || operation['x-right'], `${where}: no right`)
    assert.ok(Object.keys(operation.responses).some((s) => s.startsWith('2')), where)
  }
})

test('the contract is not sent again to who has it', async () => {
  const { headers } = await stranger.get('/api/v1/openapi.json')
  await stranger.get('/api/v1/openapi.json', 304, { 'If-None-Match': headers.etag })
})

test('no address, no method', async () => {
  assert.equal((await stranger.get('/api/v1/nothing', 404)).body.code, 'not-found')
  const { headers, body } = await stranger.post('/api/v1/services', {}, 405)
  assert.equal(body.code, 'method-not-allowed')
  assert.match(headers.allow, /GET/)
  assert.match((await stranger.get('/api/v1/nothing', 404, { 'Accept-Language': 'en' })).body.title, /nothing here/)
})

test('HEAD is GET without its body', async () => {
  const head = await town.server.send('HEAD', '/api/v1/services')
  const got = await town.server.send('GET', '/api/v1/services')
  assert.equal(head.status, 200)
  assert.equal(head.text, '')
  assert.equal(head.headers['content-length'], got.headers['content-length'])
  assert.equal((await town.server.send('HEAD', '/api/v1/me')).status, 401)
})

test('every reply says how it may be used', async () => {
  for (const reply of [await stranger.get('/api/v1/services'), await stranger.get('/api/v1/me', 401)]) {
    assert.equal(reply.headers['x-content-type-options'], 'nosniff')
    assert.ok(reply.headers['content-length'])
  }
  const lan = await town.citizen()
  assert.match((await lan.get('/api/v1/me')).headers['cache-control'] ?? '', /no-store|private/)
})

test('what is in one language is not kept for a reader of the other', async () => {
  const lan = await town.citizen()
  const { code } = await file(lan, town.wards[0])
  for (const path of [`/api/v1/services/${EXTRACT}`, `/api/v1/cases/${code}`]) {
    const vi = await lan.get(path), en = await lan.get(path, 200, { 'Accept-Language': 'en' })
    assert.notEqual(vi.text, en.text)
    if (vi.headers['cache-control'].includes('no-store')) continue
    assert.match(vi.headers.vary, /Accept-Language/)
    assert.notEqual(vi.headers.etag, en.headers.etag)
  }
})

test('the audit: who read about a person, for the auditor alone', async () => {
  const lan = await town.citizen(0)
  const desk = await town.as('one-stop', town.wards[0])
  const { code } = await file(lan, town.wards[0])
  await act(desk, code, 'receive')
  await desk.get(`/api/v1/cases/${code}`)
  const auditor = await town.as('auditor')
  const rows = await eventually(() => auditor.all(`/api/v1/audit?about=${lan.party.number}`), (r) => r.some((x) => x.key === code))
  assert.equal(rows.find((x) => x.key === code).who, desk.party.name)
  await auditor.get('/api/v1/audit', 400)
  await desk.get(`/api/v1/audit?about=${lan.party.number}`, 403)
})

test('every role of the design has an account in the demo city', () => {
  for (const role of ROLES) assert.ok(town.has(role), role)
  for (const { user, password, name } of town.accounts) assert.ok(user && password && name)
})

test('the command line says what it is and how it is called', () => {
  assert.match(motcua('--version'), /^motcua \d+\.\d+/)
  assert.throws(() => motcua('celebrate'), /→ 2/)
  assert.throws(() => motcua('serve'), /→ 2/)
  motcua('check', join(ROOT, 'city/hcmc'))
})
