// The papers of the one-stop: each appears at its moment by itself, says what was true then, and is numbered without gaps.
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { eventually, folder } from './harness.mjs'
import { act, BROKER, file, Town, upload, walk } from './town.mjs'

const town = await Town.open()
const [ward, other] = town.wards
const lan = await town.citizen(0)
const minh = await town.citizen(1)
const desk = await town.as('one-stop', ward)
const at = (role, unit = ward) => town.as(role, unit)
const year = new Date(Date.now() + 7 * 3600e3).getUTCFullYear()

const slips = async (client, code) => (await client.get(`/api/v1/cases/${code}/slips`)).body.items
/** The slip of a kind once it is drawn and signed: the first of a ward waits for its keys. */
const drawn = async (client, code, kind) =>
  (await eventually(() => slips(client, code), (items) => items.some((s) => s.kind === kind && s.document), 20000)).find((s) => s.kind === kind)
const words = (bytes) => execFileSync('pdftotext', ['-layout', '-', '-'], { input: bytes, encoding: 'utf8' }).normalize('NFC').replace(/\s+/g, ' ')
const read = async (client, slip) => {
  const { headers, bytes } = await client.get(`/api/v1/documents/${slip.document.id}/content`)
  assert.equal(headers['content-type'], 'application/pdf')
  return words(bytes)
}
const size = (bytes) => /Page size: +([\d.]+) x ([\d.]+)/.exec(execFileSync('pdfinfo', ['-'], { input: bytes, encoding: 'utf8' })).slice(1).map((x) => Math.round((x * 25.4) / 72))
const names = async (client, code) => (await slips(client, code)).map((s) => s.kind)
const due = (days) => new Date(Date.now() + days * 86400e3).toISOString()

test('nothing appears with an application; the receipt with its reception, for both sides', async () => {
  const { code } = await file(lan, ward)
  assert.deepEqual(await names(lan, code), [])
  await act(desk, code, 'receive')
  const [now] = await slips(lan, code)
  assert.match(now.number, /^\d{2,}\/TNHS$/, 'the number is there with the action itself')
  const slip = await drawn(lan, code, 'receipt')
  assert.equal(slip.form, '01')
  assert.equal(slip.action, 'receive')
  assert.equal(slip.office, false)
  assert.equal(slip.document.title, `Giấy tiếp nhận hồ sơ và hẹn trả kết quả số ${slip.number}`)
  const text = await read(lan, slip)
  for (const word of ['GIẤY TIẾP NHẬN HỒ SƠ', `Số: ${slip.number}`, code, lan.party.name, '16.000 đồng (Mười sáu nghìn đồng chẵn), chưa nộp', 'NGƯỜI NỘP HỒ SƠ'])
    assert.ok(text.includes(word), `the receipt does not say "${word}": ${text}`)
  assert.deepEqual(size((await lan.get(`/api/v1/documents/${slip.document.id}/content`)).bytes), [148, 210])
  assert.deepEqual((await slips(desk, code)).map((s) => s.kind), ['receipt', 'control-slip'])
  await minh.get(`/api/v1/cases/${code}/slips`, 404)
  await minh.get(`/api/v1/documents/${slip.document.id}`, 404)
  const verdict = (await town.stranger.get(`/verify/${slip.document.verify_code}`, 200, { Accept: 'application/json' })).body
  assert.equal(verdict.status, 'genuine')
})

test('what a slip says is of its moment, however late it is drawn', async () => {
  const { code } = await file(lan, ward)
  const received = await act(desk, code, 'receive')
  await act(desk, code, 'hand-over')
  await act(await at('specialist'), code, 'request-supplement', { note: 'Thiếu văn bản ủy quyền', papers: [] })
  const text = await read(lan, await drawn(lan, code, 'receipt'))
  const date = new Date(Date.parse(received.due_at) + 7 * 3600e3)
  assert.ok(text.includes(`ngày ${String(date.getUTCDate()).padStart(2, '0')} tháng`))
  assert.ok((await read(lan, await drawn(lan, code, 'supplement-request'))).includes('Lý do: Thiếu văn bản ủy quyền'))
})

test('a refusal gives its reason, on paper and in the vault', async () => {
  const { code } = await file(lan, ward)
  await act(desk, code, 'refuse', { note: 'Không thuộc thẩm quyền <của> phường & nơi khác' })
  const slip = await drawn(lan, code, 'refusal-slip')
  assert.equal(slip.form, '03')
  assert.ok((await read(lan, slip)).includes('Không thuộc thẩm quyền <của> phường & nơi khác'))
  const held = (await lan.get('/api/v1/vault')).body.documents.find((d) => d.id === slip.document.id)
  assert.equal(held.kind, 'refusal-slip')
  assert.equal(held.case, code)
  assert.deepEqual(await names(lan, code), ['refusal-slip'])
})

test('an apology names the old date and the new one; a notice of stopping what becomes of the fee', async () => {
  const unit = (await town.stranger.all(`/api/v1/units?service=${BROKER}`))[0].code
  const form = { certificate: { number: 'HCM-00001' }, reason: 'lost' }
  const { code } = await file(lan, unit, { service: BROKER, form, papers: [{ kind: 'portrait', document: (await upload(lan)).id }] })
  await act(await at('one-stop', unit), code, 'receive')
  const before = (await lan.get(`/api/v1/cases/${code}`)).body.due_at
  const later = due(30)
  await act(await at('unit-head', unit), code, 'apologise', { note: 'Chờ xác minh', due_at: later })
  const apology = await read(lan, await drawn(lan, code, 'apology'))
  for (const when of [before, later]) {
    const d = new Date(Date.parse(when) + 7 * 3600e3)
    assert.ok(apology.includes(`${String(d.getUTCDate()).padStart(2, '0')} tháng`), apology)
  }
  await act(await at('signatory', unit), code, 'stop', { note: 'Người nộp đã mất' })
  const stop = await read(lan, await drawn(lan, code, 'stop-notice'))
  assert.ok(stop.includes('Lý do, căn cứ: Người nộp đã mất'))
  assert.ok(stop.includes('phí, lệ phí 200.000 đồng chưa nộp'))
})

test('a rejection is answered by a reasoned letter', async () => {
  const { code } = await file(lan, ward)
  await walk(town, code, ward, 'submit-for-signature')
  await act(await at('signatory'), code, 'reject', { note: 'Sổ gốc không có sự kiện này' })
  const letter = await drawn(lan, code, 'rejection-letter')
  const text = await read(lan, letter)
  assert.ok(text.includes('Về việc từ chối giải quyết hồ sơ'))
  assert.ok(text.includes('Lý do: Sổ gốc không có sự kiện này'))
  assert.deepEqual(size((await lan.get(`/api/v1/documents/${letter.document.id}/content`)).bytes), [210, 297])
})

test('the control slip grows with each hand-over, is among officers, and is kept with the archive', async () => {
  const { code } = await file(lan, ward)
  const print = async () => words((await desk.get(`/api/v1/cases/${code}/slips/control-slip`)).bytes)
  const rows = (text) => (text.match(/\d\d:\d\d/g) ?? []).length
  assert.equal(rows(await print()), 1, 'filed')
  await act(desk, code, 'receive')
  assert.equal(rows(await print()), 2)
  await act(desk, code, 'hand-over')
  assert.equal(rows(await print()), 3)
  assert.match(await print(), /Thẩm tra hồ sơ/)
  await lan.get(`/api/v1/cases/${code}/slips/control-slip`, 404)
  await desk.get(`/api/v1/cases/${code}/slips/receipt`, 404)
  await desk.get(`/api/v1/cases/${code}/slips/nothing`, 404)
  await act(lan, code, 'withdraw', { note: 'Không cần nữa' })
  await act(await at('archivist'), code, 'archive')
  const kept = await drawn(desk, code, 'control-slip')
  assert.match(kept.number, /\/KSHS$/)
  assert.equal(rows(await read(desk, kept)), 5)
  assert.deepEqual(await names(lan, code), ['receipt'])
  await lan.get(`/api/v1/documents/${kept.document.id}`, 404)
})

test('numbers run on in a unit, year and kind, whatever is received at once', async () => {
  const filed = await Promise.all(Array.from({ length: 8 }, () => file(lan, ward)))
  await Promise.all(filed.map(({ code }) => act(desk, code, 'receive')))
  const all = await desk.all(`/api/v1/slips?unit=${ward}&kind=receipt`, 3)
  const numbers = all.map((s) => Number.parseInt(s.number, 10))
  assert.deepEqual(numbers, Array.from({ length: numbers.length }, (_, i) => numbers.length - i), 'from the newest down to 01, none missing')
  for (const { code } of filed) assert.ok(all.some((s) => s.case === code && s.applicant === lan.party.name))
  const [one] = (await desk.get(`/api/v1/slips?unit=${ward}&kind=receipt&year=${year}&number=1`)).body.items
  assert.equal(one.number, '01/TNHS')
  assert.deepEqual((await desk.get(`/api/v1/slips?unit=${ward}&kind=receipt&year=2001`)).body.items, [])
})

test("a unit's register is printed for its own officers and those who supervise it", async () => {
  const today = new Date(Date.now() + 7 * 3600e3).toISOString().slice(0, 10)
  const { code } = await file(lan, ward)
  await act(desk, code, 'receive')
  const path = `/api/v1/units/${ward}/register?from=${today}&to=${today}`
  const { bytes, headers } = await desk.get(path)
  assert.equal(headers['content-type'], 'application/pdf')
  assert.deepEqual(size(bytes), [297, 210])
  const text = words(bytes)
  assert.ok(text.includes('SỔ THEO DÕI HỒ SƠ'))
  assert.ok(text.includes(code))
  await (await town.as('supervisor')).get(path)
  await lan.get(path, 404)
  await (await at('one-stop', other)).get(path, 404)
  await desk.get(`/api/v1/slips?unit=${other}&kind=receipt`, 404)
  await lan.get(`/api/v1/slips?unit=${ward}&kind=receipt`, 404)
  const wrong = (await desk.get(`/api/v1/units/${ward}/register?from=${today}&to=2020-01-01`, 422)).body
  assert.deepEqual(wrong.errors.map((e) => e.pointer), ['/to'])
  await desk.get(`/api/v1/units/${ward}/register?from=2020-01-01&to=${today}`, 422)
})

test('whoever takes the result at the counter signs for it: in the log and in the register', async () => {
  const today = new Date(Date.now() + 7 * 3600e3).toISOString().slice(0, 10)
  const done = async () => {
    const { code } = await file(lan, ward, { delivery: 'counter' })
    await walk(town, code, ward, 'approve')
    return code
  }
  const signed = async (client, code) => (await client.all(`/api/v1/cases/${code}/events`)).map((e) => [e.action, e.receiver]).filter(([, receiver]) => receiver)
  const code = await done()
  const wrong = async (receiver) => (await act(desk, code, 'deliver', { receiver }, 422)).errors.map((e) => e.pointer)

  assert.deepEqual(await wrong({}), ['/receiver/name'])
  assert.deepEqual(await wrong({ name: '  ', relation: 'self' }), ['/receiver/name'])
  assert.deepEqual(await wrong({ name: 'Lê Nhận Hộ', relation: 'friend' }), ['/receiver/relation'])
  assert.deepEqual(await wrong({ name: 'Lê Nhận Hộ', relation: 'agent' }), ['/receiver/proof'])
  assert.deepEqual(await wrong({ name: 'Lê Nhận Hộ', relation: 'self', phone: '1' }), ['/receiver/phone'])
  assert.deepEqual(await wrong({ name: 7, relation: 'self' }), ['/receiver/name'])
  assert.deepEqual(await wrong({ name: 'x'.repeat(201), relation: 'self' }), ['/receiver/name'])
  await act(desk, code, 'deliver', { receiver: 'Lê Nhận Hộ' }, 422)
  assert.deepEqual(await signed(desk, code), [], 'a refused delivery leaves no trace')

  const receiver = { name: 'Quách Xuyến', relation: 'agent', proof: 'Giấy ủy quyền số 12' }
  assert.equal((await act(desk, code, 'deliver', { receiver })).status, 10)
  for (const client of [lan, desk]) assert.deepEqual(await signed(client, code), [['deliver', receiver]])

  const own = await done()
  await act(desk, own, 'deliver', { receiver: { name: lan.party.name, relation: 'self' } })
  assert.deepEqual(await signed(lan, own), [['deliver', { name: lan.party.name, relation: 'self', proof: null }]])
  const unsaid = await done()
  await act(desk, unsaid, 'deliver')
  assert.deepEqual(await signed(lan, unsaid), [], 'what was not said is not claimed')

  const register = words((await desk.get(`/api/v1/units/${ward}/register?from=${today}&to=${today}`)).bytes)
  for (const word of ['Xuyến', '(được', 'quyền)']) assert.ok(register.includes(word), `the register does not say "${word}"`)
})

test('a slip is signed by the officer and the unit, and by the unit alone where no officer acted', async () => {
  const signed = async (client, slip) => {
    const path = join(folder(), 'slip.pdf')
    writeFileSync(path, (await client.get(`/api/v1/documents/${slip.document.id}/content`)).bytes)
    const { stdout } = spawnSync('pdfsig', ['-nocert', path], { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C.UTF-8' } })
    assert.match(stdout, /Total document signed/)
    return [...stdout.matchAll(/Field Name: (.*)[^]*?Common Name: (.*)[^]*?Signature Validation: (.*)/g)].map((m) => m.slice(1))
  }
  const { code } = await file(lan, ward)
  await act(desk, code, 'receive')
  const found = await signed(lan, await drawn(lan, code, 'receipt'))
  assert.deepEqual(found.map(([field, , state]) => [field, state]), [['person', 'Signature is Valid.'], ['agency', 'Signature is Valid.']])
  assert.equal(found[0][1], desk.party.name)
})

test('a fee that was taken is receipted, in figures and words; what a citizen only says is not', async () => {
  const { code } = await file(lan, ward)
  await act(desk, code, 'receive')
  const { actions } = (await desk.get(`/api/v1/cases/${code}`)).body
  assert.ok(actions.some((a) => a.id === 'pay'))
  await act(desk, code, 'pay')
  const text = await read(lan, await drawn(lan, code, 'fee-receipt'))
  for (const word of ['BIÊN LAI THU PHÍ, LỆ PHÍ', '16.000 đồng', 'Mười sáu nghìn đồng chẵn', lan.party.name, code]) assert.ok(text.includes(word), `"${word}": ${text}`)
})

test('what was handed over on a day is listed', async () => {
  const today = new Date(Date.now() + 7 * 3600e3).toISOString().slice(0, 10)
  const [one, two] = [await file(lan, ward), await file(lan, ward)]
  for (const { code } of [one, two]) await act(desk, code, 'receive')
  await act(desk, one.code, 'hand-over')
  const list = words((await desk.get(`/api/v1/units/${ward}/register?from=${today}&to=${today}&kind=hand-over-list`)).bytes)
  assert.ok(list.includes('DANH SÁCH BÀN GIAO HỒ SƠ') && list.replaceAll(' ', '').includes(one.code.slice(-4)))
  assert.ok(!list.includes(two.code))
  await desk.get(`/api/v1/units/${ward}/register?from=${today}&to=${today}&kind=receipt`, 404)
})
