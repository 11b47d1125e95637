// What becomes of a result after it was given: withdrawn, corrected, superseded. At once, for everybody who relies on it.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import { eventually } from './harness.mjs'
import { act, BIRTH, birthForm, DEATH, file, MARITAL, MARRIAGE, today, Town, upload, walk } from './town.mjs'

const town = await Town.open()
const [ward] = town.wards
const [lan, minh] = [await town.citizen(0), await town.citizen(1)]
const signatory = await town.as('signatory', ward)
const words = (bytes) => execFileSync('pdftotext', ['-layout', '-', '-'], { input: bytes, encoding: 'utf8' }).normalize('NFC').replace(/\s+/g, ' ')
const verdict = async ({ verify_code }) => (await town.stranger.get(`/verify/${verify_code}`, 200, { Accept: 'application/json' })).body
const notices = async (client) => (await client.get('/api/v1/notices')).body.items
const vault = async (client, id) => (await client.get('/api/v1/vault')).body.documents.find((d) => d.id === id)
async function given(client, last = 'approve') {
  const { code } = await file(client, ward)
  return { code, paper: (await walk(town, code, ward, last)).results[0].document }
}

test('a withdrawn result is invalid at once, says why, and its holder is told', async () => {
  const { code, paper } = await given(lan)
  assert.equal((await verdict(paper)).status, 'genuine')
  await act(signatory, code, 'withdraw-result', {}, 422)
  await act(await town.as('specialist', ward), code, 'withdraw-result', { note: 'x' }, 409)
  const after = await act(signatory, code, 'withdraw-result', { note: 'Cấp không đúng thẩm quyền' })
  assert.deepEqual([after.status, after.results[0].document.status], [9, 'withdrawn'])
  assert.ok(after.results[0].document.ended_at)
  const said = await verdict(paper)
  assert.equal(said.status, 'withdrawn')
  assert.equal(said.ended_at, after.results[0].document.ended_at)
  assert.match((await town.stranger.get(`/verify/${paper.verify_code}`)).bytes.toString(), /Hết giá trị từ/)
  assert.equal((await vault(lan, paper.id)).status, 'withdrawn')
  assert.equal((await notices(lan))[0].title, 'Kết quả đã bị thu hồi')
  const event = (await lan.get(`/api/v1/cases/${code}/events`)).body.items.at(-1)
  assert.deepEqual([event.action, event.note], ['withdraw-result', 'Cấp không đúng thẩm quyền'])
  const slip = (await eventually(async () => (await lan.get(`/api/v1/cases/${code}/slips`)).body.items, (items) => items.some((s) => s.kind === 'withdrawal-decision' && s.document), 20000)).find((s) => s.kind === 'withdrawal-decision')
  const text = words((await lan.get(`/api/v1/documents/${slip.document.id}/content`)).bytes)
  for (const word of ['Thu hồi', paper.verify_code, 'Cấp không đúng thẩm quyền', 'Điều 2.']) assert.ok(text.includes(word), `${word}: ${text}`)
  assert.equal((await act(signatory, code, 'withdraw-result', { note: 'lần nữa' }, 409)).code, 'result-ended')
})

test('a dossier in the archive can still be withdrawn, by its signatory alone', async () => {
  const { code, paper } = await given(minh, 'archive')
  assert.deepEqual((await signatory.get(`/api/v1/cases/${code}`)).body.actions.map((a) => a.id).sort(), ['correct-result', 'withdraw-result'])
  assert.deepEqual((await minh.get(`/api/v1/cases/${code}`)).body.actions, [])
  const after = await act(signatory, code, 'withdraw-result', { note: 'Giả mạo' })
  assert.equal(after.status, 10)
  assert.equal((await verdict(paper)).status, 'withdrawn')
})

test('a corrected result takes the place of the old one, with its number', async () => {
  const { code, paper } = await given(lan)
  const after = await act(signatory, code, 'correct-result', { note: 'Sai số bản', form: { copies: 3 } })
  assert.equal(after.form.copies, 3)
  assert.deepEqual(after.results.map((r) => r.document.status), ['superseded', 'valid'])
  assert.equal(after.results[0].document.successor, after.results[1].document.id)
  assert.equal((await verdict(paper)).status, 'superseded')
  assert.equal((await verdict(after.results[1].document)).status, 'genuine')
  assert.equal((await act(signatory, code, 'correct-result', { note: 'x', form: { copies: -1 } }, 422)).code, 'form-invalid')
  assert.equal((await verdict(after.results[1].document)).status, 'genuine', 'a correction that fails ends nothing')
})

test('running dossiers that use the paper are told, and may ask for it again', async () => {
  const [an] = await town.citizensWho((p) => p.marital_status === 'single' && p.sex === 'male')
  const [ha] = await town.citizensWho((p) => p.sex === 'female')
  const confirmed = async () => {
    const { code } = await file(an, ward, { service: MARITAL, form: { purpose: 'property', copies: 1 } })
    return { code, paper: (await walk(town, code, ward, 'approve')).results[0].document }
  }
  const first = await confirmed()
  const form = { partner: { number: ha.person.number, full_name: ha.person.full_name, birth_date: ha.person.birth_date }, partner_elsewhere: true }
  const { code, papers } = await file(an, ward, { service: MARRIAGE, form })
  const held = (list) => list.find((p) => p.kind === 'marital-status').held
  assert.equal(held(papers).document, first.paper.id)
  await act(await town.as('one-stop', ward), code, 'receive')
  await act(await town.as('one-stop', ward), code, 'hand-over')

  const second = await confirmed()
  assert.equal((await verdict(first.paper)).status, 'superseded')
  assert.equal((await vault(an, first.paper.id)).status, 'superseded')
  const told = (await an.get(`/api/v1/cases/${code}`)).body
  assert.equal(held(told.papers), null)
  assert.equal(told.papers.find((p) => p.kind === 'marital-status').document.status, 'superseded')
  assert.equal((await an.get(`/api/v1/cases/${code}/events`)).body.items.at(-1).action, 'paper-superseded')
  assert.ok((await notices(await town.as('unit-head', ward))).some((n) => n.case === code && n.title === 'Một giấy tờ trong hồ sơ đã có bản mới'))
  assert.ok((await notices(an)).some((n) => n.case === code))
  await act(await town.as('specialist', ward), code, 'request-supplement', { note: 'Nộp bản mới', papers: [{ kind: 'marital-status' }] })
  await act(an, code, 'supplement', { papers: [{ kind: 'marital-status', document: second.paper.id }] })

  await act(signatory, second.code, 'withdraw-result', { note: 'Sai' })
  const later = (await an.get(`/api/v1/cases/${code}`)).body
  assert.equal(later.papers.find((p) => p.kind === 'marital-status').document.status, 'withdrawn')
  assert.equal((await an.get(`/api/v1/cases/${code}/events`)).body.items.at(-1).action, 'paper-withdrawn')
})

test('with a withdrawn result goes what it wrote: a new version, with the reason', async () => {
  const [mother] = await town.citizensWho((p) => p.sex === 'female' && p.status === 'alive' && p.birth_date < today(-20 * 365))
  const specialist = await town.as('specialist', ward)
  const born = async (name) => {
    const { id } = await upload(mother)
    const { code } = await file(mother, ward, { service: BIRTH, form: birthForm(name), papers: [{ kind: 'birth-notice', document: id }] })
    await walk(town, code, ward, 'approve')
    const [entry] = await specialist.all(`/api/v1/registries/birth/records?purpose=case&case=${code}&q=${encodeURIComponent(name)}`)
    return { code, entry, number: entry.body.subject }
  }
  const at = (registry, key) => `/api/v1/registries/${registry}/records/${encodeURIComponent(key)}`
  const read = async (registry, key, code) => (await specialist.get(`${at(registry, key)}?purpose=case&case=${code}`)).body
  const newest = async (registry, key, code) =>
    (await specialist.get(`${at(registry, key)}/history?purpose=case&case=${code}`)).body.items.reduce((a, b) => (a.version > b.version ? a : b))

  const one = await born('Lê Thị Thu Hồi')
  assert.equal((await read('person', one.number, one.code)).valid_to, null)
  await act(signatory, one.code, 'withdraw-result', { note: 'Khai gian' })
  for (const [registry, key] of [['birth', one.entry.key], ['person', one.number]]) {
    assert.ok((await read(registry, key, one.code)).valid_to, `${registry} has ended`)
    assert.match((await newest(registry, key, one.code)).reason, new RegExp(`^Thu hồi kết quả của hồ sơ ${one.code}: Khai gian$`))
  }
  assert.deepEqual(await specialist.all(`/api/v1/registries/birth/records?purpose=case&case=${one.code}&q=thu%20hoi`), [])

  // Somebody wrote into the child's record since: it stays, and its history says that the ground is gone.
  const other = await born('Lê Thị Còn Lại')
  const steward = await town.as('steward', 'H29.11')
  const before = (await steward.get(`${at('person', other.number)}?purpose=stewardship`)).body
  await steward.put(at('person', other.number), { ...before.body, full_name: 'Lê Thị Còn' }, 200, { 'If-Match': `"${before.version}"` })
  await act(signatory, other.code, 'withdraw-result', { note: 'Khai gian' })
  assert.ok((await read('birth', other.entry.key, other.code)).valid_to)
  const child = await read('person', other.number, other.code)
  assert.deepEqual([child.valid_to, child.body.full_name, child.version], [null, 'Lê Thị Còn', before.version + 2])
  assert.ok((await newest('person', other.number, other.code)).reason.includes(`${other.code} đã bị thu hồi (Khai gian)`))
})

test('a record that a withdrawn result had changed is as it was before', async () => {
  const [teller, dead] = await town.citizensWho((p) => p.status === 'alive' && p.birth_date < today(-20 * 365), 2)
  const { id } = await upload(teller)
  const form = { relation: 'relative', deceased: { number: dead.party.number, full_name: dead.party.name }, death: { date: today(-2), place: 'Tại nhà', cause: 'Bệnh' } }
  const steward = await town.as('steward', 'H29.11')
  const person = async () => (await steward.get(`/api/v1/registries/person/records/${dead.party.number}?purpose=stewardship`)).body
  const before = await person()
  const { code } = await file(teller, ward, { service: DEATH, form, papers: [{ kind: 'death-notice', document: id }] })
  await walk(town, code, ward, 'approve')
  assert.equal((await person()).body.status, 'deceased')
  await act(signatory, code, 'withdraw-result', { note: 'Nhầm người' })
  const after = await person()
  assert.deepEqual(after.body, before.body)
  assert.equal(after.version, before.version + 2, 'nothing is overwritten')
})
