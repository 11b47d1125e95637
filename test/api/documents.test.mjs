// Files: what is taken and what is not, who may see them, and how the bytes come back.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { eventually } from './harness.mjs'
import { EXTRACT, file, PDF, pdf, PNG, Town, upload } from './town.mjs'

const town = await Town.open()
const ward = town.wards[0]
const lan = await town.citizen(0)
const minh = await town.citizen(1)
const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex')

test('an upload is named by its content, and comes back the same', async () => {
  const up = await upload(lan, PDF, { name: 'Giấy chứng sinh.pdf' })
  assert.deepEqual({ ...up, id: '' }, { id: '', sha256: sha256(PDF), size: PDF.length, media_type: 'application/pdf' })
  const known = (await lan.get(`/api/v1/documents/${up.id}`)).body
  assert.equal(known.title, 'Giấy chứng sinh.pdf')
  assert.equal(known.status, 'uploaded')
  const back = await lan.get(`/api/v1/documents/${up.id}/content`)
  assert.ok(back.bytes.equals(PDF))
  assert.equal(back.headers['x-content-type-options'], 'nosniff')
})

const accepted = [
  ['application/pdf', PDF, 'application/pdf'],
  ['image/png', PNG, 'image/png'],
  ['application/octet-stream', PNG, 'image/png'],
  ['text/plain', Buffer.from('Xin chào\n'), 'text/plain'],
]
for (const [claimed, bytes, found] of accepted)
  test(`taken: ${claimed}, found to be ${found}`, async () => {
    assert.equal((await upload(lan, bytes, { type: claimed })).media_type, found)
  })

const refused = [
  ['image/png', PDF, 415, 'file-type', 'the bytes are another type'],
  ['application/pdf', Buffer.from('<html><script>alert(1)</script>'), 415, 'file-type', 'a page that calls itself a paper'],
  ['application/x-msdownload', Buffer.from('MZ\x90\0\x03\0\0\0', 'latin1'), 415, 'file-type', 'a program'],
  ['image/svg+xml', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>'), 415, 'file-type', 'a picture that runs'],
  ['application/pdf', Buffer.alloc(0), 422, 'file-empty', 'nothing'],
]
for (const [claimed, bytes, status, code, why] of refused)
  test(`not taken: ${why}`, async () => {
    assert.equal((await upload(lan, bytes, { type: claimed, want: status })).code, code)
  })

const names = [
  ["attachment; filename*=UTF-8''..%2F..%2Fetc%2Fpasswd", 'passwd'],
  ['attachment; filename="..\\\\..\\\\windows.pdf"', 'windows.pdf'],
  ['attachment; filename="anh the.pdf"', 'anh the.pdf'],
  ['attachment', null],
]
for (const [header, title] of names)
  test(`a name is a name: ${header}`, async () => {
    const { id } = await upload(lan, PDF, { headers: { 'Content-Disposition': header } })
    assert.equal((await lan.get(`/api/v1/documents/${id}`)).body.title, title)
  })

test('too large is refused before it is read', async () => {
  const reply = await town.server.send('POST', '/api/v1/documents', {
    headers: { ...lan.headers, 'Content-Type': 'application/pdf', 'Content-Length': String((200 << 20) + 1), Connection: 'close' },
    body: Buffer.alloc(1024),
    agent: false,
  }).catch((e) => assert.fail(`no reply: ${e.message}`))
  town.contract.check('POST', '/api/v1/documents', reply)
  assert.equal(reply.status, 413)
})

test('a large one streams through', async () => {
  const bytes = Buffer.concat([PDF, Buffer.alloc(8 << 20, 'motcua ')])
  const up = await upload(lan, bytes)
  assert.equal(up.sha256, sha256(bytes))
  assert.equal(sha256((await lan.get(`/api/v1/documents/${up.id}/content`)).bytes), up.sha256)
})

test('parts of a file', async () => {
  const { id } = await upload(lan, PDF)
  const part = async (range) => lan.get(`/api/v1/documents/${id}/content`, null, { Range: range })
  assert.ok((await part('bytes=0-4')).bytes.equals(PDF.subarray(0, 5)))
  assert.equal((await part('bytes=0-4')).status, 206)
  assert.ok((await part('bytes=-6')).bytes.equals(PDF.subarray(-6)))
  assert.equal((await part(`bytes=${PDF.length}-`)).status, 416)
  assert.equal((await part('pages=1')).status, 200)
})

test('somebody else’s upload is not there', async () => {
  const { id } = await upload(lan)
  for (const who of [minh, await town.as('specialist', ward)]) {
    assert.equal((await who.get(`/api/v1/documents/${id}`, 404)).body.code, 'not-found')
    await who.get(`/api/v1/documents/${id}/content`, 404)
  }
  await town.stranger.get(`/api/v1/documents/${id}`, 401)
  await (await town.as('admin')).get(`/api/v1/documents/${id}`, 403)
  for (const none of ['1', '0', '-1', 'abc', '99999999999999999999']) await lan.get(`/api/v1/documents/${none}`, 404)
})

test('filed with a case, its officers see it, those of elsewhere do not, and the owner is told', async () => {
  const { id } = await upload(lan, pdf('giay uy quyen'))
  const { code } = await file(lan, ward, { service: EXTRACT, form: { relation: 'authorised', subject_number: minh.party.number }, papers: [{ kind: 'authorisation-letter', document: id }] })
  const specialist = await town.as('specialist', ward)
  await specialist.get(`/api/v1/documents/${id}/content`)
  await (await town.as('specialist', town.wards[1])).get(`/api/v1/documents/${id}`, 404)
  await minh.get(`/api/v1/documents/${id}`, 404)
  const log = await eventually(() => lan.all('/api/v1/vault/access-log'), (l) => l.some((e) => e.action === 'download'))
  const entry = log.find((e) => e.action === 'download')
  assert.equal(entry.who.name, specialist.party.name)
  assert.equal(entry.case, code)
})

test('a paper of another cannot be handed in', async () => {
  const { id } = await upload(minh)
  const papers = [{ kind: 'authorisation-letter', document: id }]
  const form = { relation: 'authorised', subject_number: minh.party.number }
  await file(lan, ward, { form, papers, want: 422 })
  await file(lan, ward, { form, papers: [{ kind: 'authorisation-letter', document: '17' }], want: 422 })
  await file(lan, ward, { form, papers: [{ kind: 'no-such-paper', document: id }], want: 422 })
  await file(lan, ward, { form, papers: ['x'], want: 422 })
})

test('a repeated upload under one key is one document', async () => {
  const send = (bytes, want) => upload(lan, bytes, { want, headers: { 'Idempotency-Key': 'anh-1' } })
  const first = await send(pdf('one'), 201)
  assert.deepEqual(await send(pdf('one'), 201), first)
  assert.equal((await send(pdf('two'), 422)).code, 'idempotency-reused')
})

test('the same bytes of two people are two documents', async () => {
  const [a, b] = [await upload(lan, pdf('same')), await upload(minh, pdf('same'))]
  assert.equal(a.sha256, b.sha256)
  assert.notEqual(a.id, b.id)
  await lan.get(`/api/v1/documents/${b.id}`, 404)
})
