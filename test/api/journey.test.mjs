// One dossier, from the application to the result in the vault, as everybody concerned sees it.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { eventually } from './harness.mjs'
import { act, EXTRACT, file, today, Town } from './town.mjs'

const town = await Town.open()
const ward = town.wards[0]
const lan = await town.citizen(0)
const desk = await town.as('one-stop', ward)
const specialist = await town.as('specialist', ward)
const signatory = await town.as('signatory', ward)
const archivist = await town.as('archivist', ward)

const actionsOf = (body) => body.actions.map((a) => a.id).sort()
const read = async (client, code) => (await client.get(`/api/v1/cases/${code}`)).body
const inbox = async (client, code) => (await client.all('/api/v1/cases?box=inbox')).find((c) => c.code === code)
let code, pin

test('the citizen files it and gets a code', async () => {
  const filed = await file(lan, ward)
  ;({ code, track_pin: pin } = filed)

  assert.match(code, new RegExp(`^${ward.replaceAll('.', '\\.')}-${today().replaceAll('-', '').slice(2)}-\\d{4,}$`))
  assert.equal(filed.status, 1)
  assert.equal(filed.step.role, 'one-stop')
  assert.equal(filed.version, 1)
  assert.equal(filed.channel, 'online')
  assert.equal(filed.delivery, 'vault')
  assert.deepEqual(filed.fee, { amount: 16000, state: 'due' })
  assert.equal(filed.form.copies, 2)
  assert.equal(filed.form.applicant.number, lan.party.number)
  assert.equal(filed.applicant.id, lan.party.id)
  assert.equal(filed.submitter.id, lan.party.id)
  assert.equal(filed.received_at, null)
  assert.equal(filed.due_at, null)
  assert.deepEqual(actionsOf(filed), ['withdraw'])
  assert.ok(pin)
})

test('it is at once in every list that should show it', async () => {
  assert.ok((await lan.all('/api/v1/cases')).some((c) => c.code === code))
  assert.ok(await inbox(desk, code))
  assert.ok((await desk.all('/api/v1/cases?box=unit')).some((c) => c.code === code))
  assert.equal(await inbox(specialist, code), undefined, 'it is not yet the specialist’s turn')
  const { name } = (await read(desk, code)).applicant
  for (const q of [code, name, name.normalize('NFD').replace(/\p{M}/gu, '').replace(/[đĐ]/g, 'd').toLowerCase()])
    assert.ok((await desk.all(`/api/v1/cases?box=unit&q=${encodeURIComponent(q)}`)).some((c) => c.code === code), `searched by ${q}`)
  assert.equal((await desk.all('/api/v1/cases?box=unit&status=9')).some((c) => c.code === code), false)
})

test('the one-stop receives it: an appointed time, and the entry of the book', async () => {
  assert.deepEqual(actionsOf(await read(desk, code)), ['receive', 'refuse', 'request-supplement'])
  const received = await act(desk, code, 'receive')

  assert.equal(received.status, 2)
  assert.ok(received.received_at && received.due_at)
  assert.ok(Date.parse(received.due_at) > Date.parse(received.received_at))
  assert.equal(received.timeliness, 'in_time')
  assert.equal(received.entry?.registry, 'birth')
  assert.ok(Date.parse(received.step.due_at) <= Date.parse(received.due_at))
  const handed = await act(desk, code, 'hand-over')
  assert.equal(handed.status, 4)
  assert.equal(handed.step.role, 'specialist')
  assert.ok(await inbox(specialist, code))
  assert.equal(await inbox(desk, code), undefined)
})

test('the specialist takes it and submits it for signature', async () => {
  const taken = await act(specialist, code, 'assign')
  assert.equal(taken.assignee.id, specialist.party.id)
  const entries = (await specialist.get(`/api/v1/cases/${code}/entries`)).body.items
  assert.ok(entries.some((e) => e.key === taken.entry.key), 'the entry found is among those that may answer')
  assert.ok(entries[0].fields.length > 3)
  const submitted = await act(specialist, code, 'submit-for-signature')
  assert.equal(submitted.step.role, 'signatory')
  assert.deepEqual(actionsOf(submitted), [], 'the specialist may do nothing more')
})

test('the signatory approves: the result is there', async () => {
  const before = await read(signatory, code)
  for (const id of ['approve', 'reject', 'return-to-step', 'stop']) assert.ok(actionsOf(before).includes(id), id)
  const done = await act(signatory, code, 'approve')

  assert.equal(done.status, 9)
  assert.equal(done.results.length, 1)
  assert.equal(done.results[0].document.media_type, 'application/pdf')
  assert.ok(done.results[0].verify_code)
  assert.ok(done.finished_at)
  assert.ok(['early', 'on_time'].includes(done.timeliness), done.timeliness)
})

test('the result is in the vault and can be downloaded', async () => {
  const { documents, records } = (await lan.get('/api/v1/vault')).body
  const paper = documents.find((d) => d.case === code)

  assert.ok(paper, JSON.stringify(documents))
  assert.equal(paper.status, 'valid')
  assert.ok(paper.title && paper.issued_at && paper.verify_code)
  assert.ok(records.some((r) => r.registry === 'person' && r.key === lan.party.number))
  assert.ok(records.some((r) => r.registry === 'birth'))
  const pdf = await lan.get(`/api/v1/documents/${paper.id}/content`)
  assert.match(pdf.headers['content-type'], /^application\/pdf/)
  assert.equal(pdf.bytes.subarray(0, 5).toString(), '%PDF-')
  assert.equal(createHash('sha256').update(pdf.bytes).digest('hex'), (await lan.get(`/api/v1/documents/${paper.id}`)).body.sha256)
  const words = execFileSync('pdftotext', ['-layout', '-', '-'], { input: pdf.bytes, encoding: 'utf8' }).normalize('NFC').replace(/\s+/g, ' ').toLowerCase()
  for (const expected of [lan.party.name, lan.party.number, paper.verify_code]) assert.ok(words.includes(expected.normalize('NFC').toLowerCase()), `the paper does not say "${expected}":\n${words}`)
})

test('delivered and archived: nothing more can be done, but a wrong result taken back', async () => {
  assert.equal((await act(desk, code, 'deliver')).status, 10)
  const archived = await act(archivist, code, 'archive')
  assert.equal(archived.step, null)
  for (const client of [lan, desk, specialist, archivist]) assert.deepEqual(actionsOf(await read(client, code)), [])
  assert.deepEqual(actionsOf(await read(signatory, code)), ['correct-result', 'withdraw-result'])
  const { body } = await lan.post(`/api/v1/cases/${code}/actions/withdraw`, {}, 409)
  assert.equal(body.code, 'action-not-allowed')
  assert.deepEqual(body.actions, [])
})

test('anyone can track the code; only the pin tells more', async () => {
  const bare = (await town.stranger.get(`/api/v1/track/${code}`)).body
  const full = (await town.stranger.get(`/api/v1/track/${code}?pin=${pin}`)).body

  assert.deepEqual(Object.keys(bare).sort(), ['code', 'level', 'service', 'status', 'status_title'])
  assert.equal(bare.status, 10)
  assert.equal(full.unit.code, ward)
  assert.ok(full.received_at && full.finished_at)
  assert.ok(!JSON.stringify(full).includes(lan.party.name) && !JSON.stringify(full).includes(lan.party.number))
  await town.stranger.get(`/api/v1/track/${code}?pin=000000`, 422)
  await town.stranger.get(`/api/v1/track/${ward}-${today().replaceAll('-', '').slice(2)}-9999`, 404)
})

test('the log tells every step, chained', async () => {
  const events = await lan.all(`/api/v1/cases/${code}/events`)

  assert.deepEqual(events.map((e) => [e.action, e.from, e.to]), [
    ['submit', null, 'intake'],
    ['receive', 'intake', 'received'],
    ['hand-over', 'received', 'appraisal'],
    ['assign', 'appraisal', 'appraisal'],
    ['submit-for-signature', 'appraisal', 'signing'],
    ['approve', 'signing', 'done'],
    ['deliver', 'done', 'returned'],
    ['archive', 'returned', 'archived'],
  ])
  assert.deepEqual(events.map((e) => e.seq), events.map((_, i) => i + 1))
  assert.equal(new Set(events.map((e) => e.hash)).size, events.length)
  assert.equal(events[0].actor.name, lan.party.name)
  assert.equal(events[0].actor.unit, null)
  assert.equal(events[5].actor.name, signatory.party.name)
  for (let i = 1; i < events.length; i++) assert.ok(events[i].at >= events[i - 1].at)
  assert.deepEqual(await lan.all(`/api/v1/cases/${code}/events`, 3), events, 'page by page the same')
})

test('the citizen sees who looked at what', async () => {
  const entries = await eventually(
    () => lan.all('/api/v1/vault/access-log'),
    (log) => log.some((e) => e.case === code && e.who.name === specialist.party.name),
  )
  const seen = entries.find((e) => e.case === code && e.who.name === specialist.party.name)
  assert.ok(seen.who.unit && seen.at && seen.what && seen.purpose)
})

test('the paper proves itself to anyone', async () => {
  const { verify_code } = (await lan.get('/api/v1/vault')).body.documents.find((d) => d.case === code)
  const page = await town.stranger.get(`/verify/${verify_code}`, 200, { Accept: 'text/html' })
  const json = (await town.stranger.get(`/verify/${verify_code}`, 200, { Accept: 'application/json' })).body

  assert.match(page.headers['content-type'], /^text\/html/)
  assert.equal(json.status, 'genuine')
  assert.ok(!JSON.stringify(json).includes(lan.party.number), 'not the number of whom it is about')
  await town.stranger.get('/verify/AAAAAAAAAAAA', 404, { Accept: 'application/json' })
})

test('the citizen was told of it', async () => {
  const notices = await lan.all('/api/v1/notices')
  const mine = notices.filter((n) => n.case === code)
  assert.ok(mine.length >= 2, JSON.stringify(notices))
  for (const n of mine) assert.ok(n.title && n.text)
})

test('it is found by its service and shown in the other language', async () => {
  const english = desk.with({ 'Accept-Language': 'en' })
  const { status_title, service } = (await english.get(`/api/v1/cases/${code}`)).body
  assert.notEqual(status_title, (await read(desk, code)).status_title)
  assert.equal(service.code, EXTRACT)
  assert.match(service.name, /^Copy/)
})
