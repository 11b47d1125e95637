// The command line beside a running server and after it: backup and restore, records in and out, accounts, checks.
import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { Client, copyCity, defer, demoCity, env, folder, line, MOTCUA, motcua, POSTGRES, ROOT, Server } from './harness.mjs'
import { Contract } from './contract.mjs'
import { file, Town, walk } from './town.mjs'

const town = await Town.open()
const ward = town.wards[0]
const lan = await town.citizen(0)
const scratch = folder()
// A backup goes to another kind of file system, as real ones do; where a machine has but one, beside.
const away = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'motcua-test-'))
defer(() => rmSync(away, { recursive: true, force: true }))
const run = (...args) => spawnSync(MOTCUA, line(args), { env, encoding: 'utf8' })

test('a backup of a house at work is a whole house', { skip: POSTGRES && 'a server is backed up by its own means' }, async () => {
  const filed = []
  for (let i = 0; i < 3; i++) filed.push((await file(lan, ward)).code)
  await walk(town, filed[0], ward, 'approve')
  const backup = join(away, 'backup'), restored = join(scratch, 'restored')
  let done = false
  const working = (async () => {
    while (!done) await file(lan, ward)
  })()
  await new Promise((resolve, reject) => {
    execFile(MOTCUA, ['backup', '--data', town.server.data, backup], { env }, (e, out, err) => (e ? reject(new Error(out + err)) : resolve()))
  })
  done = true
  await working
  motcua('restore', '--data', restored, backup)
  motcua('verify', '--data', restored)
  const again = await Server.start(restored)
  again.contract = new Contract((await again.send('GET', '/api/v1/openapi.json')).body)
  const there = new Client(again, lan.headers)
  const codes = (await there.all('/api/v1/cases')).map((c) => c.code)
  for (const code of filed) assert.ok(codes.includes(code), code)
  const { documents } = (await there.get('/api/v1/vault')).body
  assert.equal((await there.get(`/api/v1/documents/${documents.find((d) => d.case === filed[0]).id}/content`)).bytes.subarray(0, 5).toString(), '%PDF-')
  await again.stop()
  assert.notEqual(run('restore', '--data', restored, backup).status, 0, 'never over a house that is there')
  assert.notEqual(run('backup', '--data', town.server.data, backup).status, 0, 'never over a backup that is there')
})

test('the same seed makes the same city', () => {
  const [a, b] = ['one', 'two'].map((name) => {
    const path = join(scratch, name)
    motcua('demo', '--data', path, '--residents', '60', '--seed', '7')
    return path
  })
  const persons = (path) => motcua('export', '--data', path, 'person')
  assert.equal(readFileSync(join(a, 'demo-accounts.json'), 'utf8'), readFileSync(join(b, 'demo-accounts.json'), 'utf8'))
  assert.equal(persons(a), persons(b))
  assert.equal(persons(a).trim().split('\n').length, 60)
  const births = motcua('export', '--data', a, 'birth').trim().split('\n').map((line) => JSON.parse(line).subject)
  for (const { number } of persons(a).trim().split('\n').map((line) => JSON.parse(line))) assert.ok(births.includes(number), `${number} has no birth entry`)
  assert.notEqual(run('demo', '--data', a).status, 0, 'never into a house that is there')
})

describe('records out and in', () => {
  const path = join(scratch, 'records')
  const rows = join(scratch, 'rows.ndjson')

  test('what goes out comes in again unchanged', () => {
    copyCity(demoCity(), path)
    writeFileSync(rows, motcua('export', '--data', path, 'household'))
    const n = readFileSync(rows, 'utf8').trim().split('\n').length
    assert.match(motcua('import', '--data', path, 'household', rows), new RegExp(`^${n} .* ${n} `))
    motcua('export', '--data', path, 'household', join(scratch, 'again.ndjson'))
    assert.equal(readFileSync(join(scratch, 'again.ndjson'), 'utf8'), readFileSync(rows, 'utf8'))
  })

  test('a bad row is told with its line, and the command fails', () => {
    writeFileSync(join(scratch, 'bad.csv'), 'number,head\nHK-1,x\n')
    const { status, stderr } = run('import', '--data', path, 'household', join(scratch, 'bad.csv'))
    assert.equal(status, 1)
    assert.match(stderr, /^2: \/number/m)
    assert.equal(run('import', '--data', path, 'nothing', rows).status, 1)
    assert.equal(run('import', '--data', path, 'household', join(scratch, 'absent.csv')).status, 1)
    assert.equal(run('import', '--data', path, 'household', join(scratch, 'rows.xml')).status, 2)
  })

  test('an account made by hand signs in with its role', async () => {
    const ask = (input, ...args) => spawnSync(MOTCUA, line(['user', '--data', path, ...args]), { env, encoding: 'utf8', input })
    assert.notEqual(ask('weak\n', 'add', 'nv.moi', 'Nguyễn Văn Mới').status, 0)
    assert.equal(ask('Motcua@2027\n', 'add', 'nv.moi', 'Nguyễn Văn Mới').status, 0)
    assert.notEqual(ask('', 'role', 'nv.moi', 'one-stop').status, 0, 'an officer needs a unit')
    assert.equal(ask('', 'role', 'nv.moi', 'one-stop', '--unit', ward).status, 0)
    assert.notEqual(ask('', 'role', 'khong-co', 'one-stop', '--unit', ward).status, 0)
    const server = await Server.start(path)
    const signed = await server.send('POST', '/api/v1/sessions', { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ user: 'nv.moi', password: 'Motcua@2027' }) })
    assert.equal(signed.status, 201)
    const me = await server.send('GET', '/api/v1/me', { headers: { Authorization: `Bearer ${signed.body.token}` } })
    assert.deepEqual([me.body.duties, me.body.roles], [['change-password'], []], 'the password that another one typed')
    const headers = { Authorization: `Bearer ${signed.body.token}`, 'Content-Type': 'application/json' }
    const changed = await server.send('PUT', '/api/v1/me/password', { headers, body: JSON.stringify({ password: 'Motcua@2027', new_password: 'Sen-hong.1' }) })
    assert.equal(changed.status, 204, changed.text)
    const free = await server.send('GET', '/api/v1/me', { headers })
    assert.deepEqual(free.body.roles.map((r) => [r.role, r.unit.code]), [['one-stop', ward]])
    await server.stop()
    assert.equal(ask('', 'disable', 'nv.moi').status, 0)
    assert.match(run('verify', '--data', path).stdout, /./)
    assert.equal(ask('', 'enable', 'nv.moi').status, 0)
    assert.notEqual(ask('', 'dance', 'nv.moi').status, 0)
  })
})

describe('checks', () => {
  test('where nothing is kept there is nothing to prove or bring out, and nothing is made', () => {
    const nothing = join(scratch, 'nothing')
    for (const args of [['verify'], ['export', 'person'], ['import', 'person', join(ROOT, 'city/hcmc/pack.yaml')], ['backup', join(scratch, 'no-backup')]]) {
      assert.notEqual(run(args[0], '--data', nothing, ...args.slice(1)).status, 0, args[0])
      assert.ok(!existsSync(nothing), args[0])
    }
  })

  test('a schema and an instance', () => {
    const write = (name, value) => (writeFileSync(join(scratch, name), JSON.stringify(value)), join(scratch, name))
    const schema = write('schema.json', { type: 'object', required: ['a'], properties: { a: { type: 'integer' } } })
    assert.equal(run('validate', schema, write('good.json', { a: 1 })).status, 0)
    const bad = run('validate', schema, write('bad.json', { a: 'x' }))
    assert.equal(bad.status, 1)
    assert.match(bad.stdout + bad.stderr, /\/a/)
    assert.notEqual(run('validate', write('no.json', { type: 'nothing' }), schema).status, 0)
  })

  test('a pack with a mistake is told where', () => {
    const pack = join(scratch, 'pack')
    cpSync(join(ROOT, 'city/hcmc'), pack, { recursive: true })
    const flow = join(pack, 'flows/one-stop-direct.yaml')
    writeFileSync(flow, readFileSync(flow, 'utf8').replace('receive: received', 'receive: nowhere'))
    const { status, stdout, stderr } = run('check', pack)
    assert.equal(status, 1)
    assert.match(stdout + stderr, /one-stop-direct\.yaml:\d+/)
    assert.ok(existsSync(flow))
  })

  test('a service that asks for what the city holds is refused', () => {
    const pack = join(scratch, 'greedy')
    cpSync(join(ROOT, 'city/hcmc'), pack, { recursive: true })
    const service = join(pack, 'services/civil-status/extract-copy.yaml')
    writeFileSync(service, readFileSync(service, 'utf8').replace('    satisfied_by: ["registry:person"]\n', ''))
    const { status, stdout, stderr } = run('check', pack)
    assert.equal(status, 1, stdout + stderr)
    assert.match(stdout + stderr, /extract-copy\.yaml:\d+/)
  })

  test('rights are printed, one row a role or right', () => {
    for (const role of ['citizen', 'one-stop', 'auditor']) assert.match(motcua('rights'), new RegExp(role))
  })

  test('all that a role can reach is listed, and nothing else', () => {
    const auditor = motcua('rights', 'auditor')
    assert.match(auditor, /GET +\/api\/v1\/audit +audit-read/)
    assert.match(auditor, /GET +\/api\/v1\/services +/)
    assert.doesNotMatch(auditor, /\/api\/v1\/(cases|vault(?!\/roots)|accounts)/)
    assert.match(motcua('rights', 'admin'), /PUT +\/api\/v1\/accounts\/\{user\}\/roles +admin/)
    assert.notEqual(run('rights', 'mayor').status, 0)
  })
})
