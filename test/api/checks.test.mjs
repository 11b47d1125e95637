// What the city finds of signatures in papers that people hand in: its own papers, those of strangers, and what was made
// of them on the way.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { copyCity, demoCity, eventually, folder } from './harness.mjs'
import { file, PDF, PNG, Town, upload, walk } from './town.mjs'

const town = await Town.open()
const ward = town.wards[0]
const lan = await town.citizen(0)
const scratch = folder()

async function granted(town, lan) {
  const { code } = await file(lan, ward)
  const done = await walk(town, code, ward, 'approve')
  return (await lan.get(`/api/v1/documents/${done.results[0].document.id}/content`)).bytes
}
const checked = (client, id) =>
  eventually(async () => (await client.get(`/api/v1/documents/${id}`)).body.check, (check) => check.outcome !== 'waiting', 60_000)
const found = async (bytes) => checked(lan, (await upload(lan, bytes)).id)

const issued = await granted(town, lan)

test('a paper of the city is sound: who signed it, when, and that nothing followed', async () => {
  const check = await found(issued)
  assert.equal(check.outcome, 'sound')
  const [officer, agency] = check.signatures
  assert.equal(officer.signer, town.accounts.find((a) => a.role === 'signatory' && a.unit === ward).name)
  assert.equal(agency.code, ward)
  assert.deepEqual([officer.trust, officer.changes, agency.trust, agency.changes, agency.whole], ['trusted', 'signatures', 'trusted', 'none', true])
  assert.ok(Math.abs(Date.parse(agency.signed_at) - Date.now()) < 3600_000)
  assert.ok(check.checked_at)
})

test('a paper that was altered, cut, or locked is told as such', async () => {
  const altered = Buffer.from(issued)
  altered[Math.floor(issued.length / 3)] ^= 1
  assert.ok(['altered', 'partial', 'broken'].includes((await found(altered)).outcome))
  assert.equal((await found(PDF)).outcome, 'unsigned')
  assert.equal((await found(Buffer.concat([Buffer.from('%PDF-1.4\n'), Buffer.alloc(4096, 'x')]))).outcome, 'broken')
  writeFileSync(join(scratch, 'open.pdf'), PDF)
  execFileSync('qpdf', ['--encrypt', 'user', 'owner', '256', '--', join(scratch, 'open.pdf'), join(scratch, 'locked.pdf')])
  assert.equal((await found(readFileSync(join(scratch, 'locked.pdf')))).outcome, 'encrypted')
})

test('what was rewritten has lost its signatures, and that is seen', async () => {
  writeFileSync(join(scratch, 'issued.pdf'), issued)
  execFileSync('qpdf', [join(scratch, 'issued.pdf'), join(scratch, 'rewritten.pdf')])
  assert.notEqual((await found(readFileSync(join(scratch, 'rewritten.pdf')))).outcome, 'sound')
})

test('another city is a stranger here', async () => {
  const other = join(folder(), 'data')
  copyCity(demoCity(), other)
  rmSync(join(other, 'keys'), { recursive: true })
  const there = await Town.open({ city: other })
  const check = await found(await granted(there, await there.citizen(0)))
  assert.equal(check.outcome, 'untrusted')
  assert.deepEqual(check.signatures.map((s) => s.trust), ['unknown', 'unknown'])
})

test('a picture is not looked at for signatures', async () => {
  const { id } = await upload(lan, PNG, { type: 'image/png' })
  assert.equal((await lan.get(`/api/v1/documents/${id}`)).body.check, null)
})

test('a bomb ends its worker, not the server', async () => {
  // A cross-reference stream that unpacks to far more than a worker may hold.
  const { deflateSync } = await import('node:zlib')
  let data = Buffer.alloc(256 << 20)
  for (let i = 0; i < 2; i++) data = deflateSync(data)
  const head = `%PDF-1.5\n1 0 obj\n<< /Type /XRef /Size 9 /W [1 4 2] /Root 2 0 R /Filter [/FlateDecode /FlateDecode] /Length ${data.length} >>\nstream\n`
  const bytes = Buffer.concat([Buffer.from(head), data, Buffer.from('\nendstream\nendobj\nstartxref\n9\n%%EOF\n')])
  assert.ok(['broken', 'unreadable'].includes((await found(bytes)).outcome))
  assert.equal((await lan.get('/api/v1/me')).status, 200)
})

