// The rules of the way: who may do what at which step, what an action needs, and what is refused with its reason.
import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { inflateRawSync } from 'node:zlib'
import { eventually, valueOf } from './harness.mjs'
import { act, BROKER, COPY, EXTRACT, file, Town, upload, walk } from './town.mjs'

const town = await Town.open()
const [ward, other] = town.wards
const lan = await town.citizen(0)
const minh = await town.citizen(1)
const at = (role, unit = ward) => town.as(role, unit)
const desk = await at('one-stop')
const actions = async (client, code) => (await client.get(`/api/v1/cases/${code}`)).body.actions
const ids = async (client, code) => (await actions(client, code)).map((a) => a.id).sort()
const illegal = async (client, code, action, body = { note: 'x' }) => {
  const reply = (await client.post(`/api/v1/cases/${code}/actions/${action}`, body, 409)).body
  assert.equal(reply.code, 'action-not-allowed')
  assert.deepEqual(reply.actions.map((a) => a.id).sort(), await ids(client, code), 'the refusal lists what is allowed')
}

/** A file of a ZIP archive, found by its central directory. */
function entryOf(zip, name) {
  let at = zip.readUInt32LE(zip.length - 22 + 16)
  for (; zip.readUInt32LE(at) === 0x02014b50; at += 46 + zip.readUInt16LE(at + 28) + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32)) {
    if (zip.toString('utf8', at + 46, at + 46 + zip.readUInt16LE(at + 28)) !== name) continue
    const local = zip.readUInt32LE(at + 42)
    const start = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28)
    return inflateRawSync(zip.subarray(start, start + zip.readUInt32LE(at + 20))).toString()
  }
  assert.fail(`no ${name} in the archive`)
}

describe('a supplement', () => {
  let code
  before(async () => {
    ;({ code } = await file(lan, ward, { form: { relation: 'authorised', subject_number: minh.party.number }, papers: [{ kind: 'authorisation-letter', document: (await upload(lan)).id }] }))
    await act(desk, code, 'receive')
  })

  test('needs a note', async () => {
    const body = await act(desk, code, 'request-supplement', {}, 422)
    assert.equal(body.code, 'action-needs')
    assert.deepEqual(body.errors.map((e) => e.pointer), ['/note'])
  })

  test('may not ask for what the city holds', async () => {
    const body = await act(desk, code, 'request-supplement', { note: 'Nộp căn cước', papers: [{ kind: 'identity-paper' }] }, 422)
    assert.equal(body.code, 'paper-held')
    assert.equal(body.held.registry, 'person')
    assert.ok(body.held.title)
  })

  test('asks only for papers of the service', async () => {
    const body = await act(desk, code, 'request-supplement', { note: 'Thiếu', papers: [{ kind: 'a-letter-from-the-moon' }] }, 422)
    assert.deepEqual(body.errors.map((e) => e.pointer), ['/papers/0/kind'])
  })

  test('stops the clock, and only the applicant can go on', async () => {
    const asked = await act(desk, code, 'request-supplement', { note: 'Thiếu chữ ký', papers: [{ kind: 'authorisation-letter' }] })
    assert.equal(asked.status, 5)
    assert.equal(asked.clock.paused, true)
    assert.equal(asked.step.role, 'applicant')
    assert.equal((await lan.get(`/api/v1/cases/${code}`)).body.papers.find((p) => p.kind === 'authorisation-letter').required, true) // the applicant sees what is asked
    await illegal(desk, code, 'hand-over')
    assert.deepEqual(await ids(lan, code), ['supplement', 'withdraw'])
    await illegal(await at('specialist'), code, 'supplement')
  })

  test('goes back to where it was asked, with a new time', async () => {
    const { id } = await upload(lan)
    const back = await act(lan, code, 'supplement', { papers: [{ kind: 'authorisation-letter', document: id }], form: { copies: 5 } })
    assert.equal(back.status, 2)
    assert.equal(back.step.id, 'received')
    assert.equal(back.clock.paused, false)
    assert.equal(back.form.copies, 5)
    assert.equal(back.papers.find((p) => p.kind === 'authorisation-letter').document.id, id)
    await desk.get(`/api/v1/documents/${id}`) // what was added is the case's: whoever works on it may read it
  })

  test('is asked once: a second needs the head, who says why, and makes it late', async () => {
    await act(desk, code, 'hand-over')
    const specialist = await at('specialist')
    const head = await at('unit-head')
    await illegal(specialist, code, 'request-supplement', { note: 'Còn thiếu' })
    assert.deepEqual((await actions(head, code)).find((a) => a.id === 'request-supplement').needs, ['note', 'override'])
    await act(head, code, 'request-supplement', { note: 'Còn thiếu' }, 422)
    const asked = await act(head, code, 'request-supplement', { note: 'Còn thiếu', override: 'Chuyên viên kiểm tra sót' })
    assert.equal(asked.status, 5)
    assert.equal(asked.timeliness, 'overdue', 'the nation counts it as late, whatever the date')
  })

  test('cannot carry somebody else’s paper, nor change what is locked', async () => {
    const { id } = await upload(minh)
    await act(lan, code, 'supplement', { papers: [{ kind: 'authorisation-letter', document: id }] }, 422)
    assert.equal((await act(lan, code, 'supplement', { form: { applicant: { full_name: 'Người Khác' } } }, 422)).code, 'field-locked')
    assert.equal((await act(lan, code, 'supplement', { note: 'Đã nộp' })).step.id, 'appraisal')
  })
})

describe('the next officer', () => {
  let code
  before(async () => {
    ;({ code } = await file(lan, ward))
    await act(desk, code, 'receive')
  })
  const named = async (client, action, assignee) => {
    const body = await act(client, code, action, { assignee }, 422)
    assert.deepEqual(body.errors.map((e) => e.pointer), ['/assignee'])
  }

  test('is one of the unit’s who hold the role of the step', async () => {
    await named(desk, 'hand-over', minh.party.id)
    await named(desk, 'hand-over', (await at('specialist', other)).party.id)
    await named(desk, 'hand-over', desk.party.id)
    await named(desk, 'hand-over', '7')
    const next = (await at('specialist')).party
    assert.equal((await act(desk, code, 'hand-over', { assignee: next.id })).assignee.id, next.id)
  })

  test('is not for the applicant to choose', async () => {
    const officer = await at('specialist')
    await act(officer, code, 'request-supplement', { note: 'Còn thiếu' })
    await named(lan, 'supplement', officer.party.id)
    await act(lan, code, 'supplement', { note: 'Đã nộp' })
  })
})

describe('ends before the end', () => {
  test('the applicant withdraws', async () => {
    const { code } = await file(lan, ward)
    const gone = await act(lan, code, 'withdraw')
    assert.equal(gone.status, 7)
    assert.equal(gone.step, null)
    await illegal(desk, code, 'receive')
    assert.equal((await act(await at('archivist'), code, 'archive')).status, 7)
  })

  test('the one-stop refuses, saying why', async () => {
    const { code } = await file(lan, ward)
    await act(desk, code, 'refuse', {}, 422)
    const refused = await act(desk, code, 'refuse', { note: 'Không thuộc thẩm quyền' })
    assert.equal(refused.status, 3)
    assert.equal((await lan.all(`/api/v1/cases/${code}/events`)).at(-1).note, 'Không thuộc thẩm quyền')
  })

  test('the signatory stops or rejects, saying why', async () => {
    for (const [action, until] of [['stop', 'hand-over'], ['reject', 'submit-for-signature']]) {
      const { code } = await file(lan, ward)
      await walk(town, code, ward, until)
      const signatory = await at('signatory')
      await act(signatory, code, action, {}, 422)
      assert.equal((await act(signatory, code, action, { note: 'Có căn cứ' })).status, 8)
      assert.deepEqual((await lan.get(`/api/v1/cases/${code}`)).body.results, []) // but the notice that says so may be drawn by now
    }
  })

  test('a granted case can be withdrawn no more', async () => {
    const { code } = await file(lan, ward)
    await walk(town, code, ward, 'approve')
    await illegal(lan, code, 'withdraw')
  })
})

describe('within the unit', () => {
  let code
  before(async () => {
    ;({ code } = await file(lan, ward))
    await walk(town, code, ward, 'hand-over')
  })

  test('the head gives it to somebody of the step', async () => {
    const head = await at('unit-head')
    const assign = (await actions(head, code)).find((a) => a.id === 'assign')
    assert.deepEqual(assign.needs, ['assignee'])
    const chosen = assign.options.assignee[1]
    await act(head, code, 'assign', {}, 422)
    await act(head, code, 'assign', { assignee: lan.party.id }, 422)
    assert.equal((await act(head, code, 'assign', { assignee: chosen.id })).assignee.id, chosen.id)
  })

  test('what another has is not in one’s own inbox', async () => {
    const { body } = await (await at('specialist')).get(`/api/v1/cases/${code}`)
    const [first, second] = [await town.as('specialist', ward, 0), await town.as('specialist', ward, 1)]
    const [owner, colleague] = body.assignee.id === first.party.id ? [first, second] : [second, first]
    assert.ok((await owner.all('/api/v1/cases?box=inbox')).some((c) => c.code === code))
    assert.ok(!(await colleague.all('/api/v1/cases?box=inbox')).some((c) => c.code === code))
    assert.ok((await colleague.all('/api/v1/cases?box=unit')).some((c) => c.code === code))
  })

  test('asks the head and gets an answer', async () => {
    const specialist = await at('specialist')
    await act(specialist, code, 'consult', {}, 422)
    assert.equal((await act(specialist, code, 'consult', { note: 'Xin ý kiến' })).step.role, 'unit-head')
    await illegal(specialist, code, 'answer')
    assert.equal((await act(await at('unit-head'), code, 'answer', { note: 'Đồng ý' })).step.id, 'appraisal')
  })

  test('the signatory sends it back', async () => {
    await act(await at('specialist'), code, 'submit-for-signature')
    const signatory = await at('signatory')
    await act(signatory, code, 'return-to-step', {}, 422)
    assert.equal((await act(signatory, code, 'return-to-step', { note: 'Sửa lại' })).step.id, 'appraisal')
  })

  test('roles do not stand in for each other', async () => {
    for (const role of ['one-stop', 'signatory', 'clerk', 'archivist', 'cashier']) await illegal(await at(role), code, 'submit-for-signature')
  })

  test('an action that is none is refused like one that is not allowed', async () => {
    await illegal(desk, code, 'celebrate')
  })

  test('officers of another ward do not see it at all', async () => {
    for (const role of ['one-stop', 'specialist', 'signatory', 'unit-head']) {
      const stranger = await at(role, other)
      await stranger.get(`/api/v1/cases/${code}`, 404)
      await stranger.post(`/api/v1/cases/${code}/actions/submit-for-signature`, {}, 404)
    }
  })
})

describe('money', () => {
  test('the fee is taken by the cashier or the desk, once', async () => {
    const { code, fee } = await file(lan, ward, { form: { copies: 3 } })
    assert.deepEqual(fee, { amount: 24000, state: 'due' })
    await illegal(desk, code, 'pay') // nothing is owed before it is received
    await act(desk, code, 'receive')
    await illegal(lan, code, 'pay')
    assert.equal((await act(await at('cashier'), code, 'pay')).fee.state, 'paid')
    await illegal(desk, code, 'pay')
  })
})

describe('an apology', () => {
  test('comes at least a day ahead, once, with a later time', async () => {
    const site = (await town.stranger.all(`/api/v1/units?service=${BROKER}`))[0].code
    const form = { certificate: { number: 'CC-01' }, reason: 'lost' }
    const { code } = await file(lan, site, { service: BROKER, form, papers: [{ kind: 'portrait', document: (await upload(lan)).id }] })
    const received = await act(await at('one-stop', site), code, 'receive')
    const head = await at('unit-head', site)
    const later = new Date(Date.parse(received.due_at) + 5 * 86400000).toISOString()

    assert.deepEqual((await actions(head, code)).find((a) => a.id === 'apologise').needs.sort(), ['due_at', 'note'])
    await act(head, code, 'apologise', { note: 'Xin lỗi' }, 422)
    await act(head, code, 'apologise', { note: 'Xin lỗi', due_at: received.received_at }, 422)
    const moved = await act(head, code, 'apologise', { note: 'Xin lỗi', due_at: later })
    assert.equal(Date.parse(moved.due_at), Date.parse(later))
    assert.equal(moved.clock.legal_due_at, received.clock.legal_due_at, 'the law’s time stays')
    await illegal(head, code, 'apologise', { note: 'Lần hai', due_at: later })
  })

  test('is too late on the last day', async () => {
    const { code } = await file(lan, ward)
    await act(desk, code, 'receive')
    const { body } = await desk.get(`/api/v1/cases/${code}`)
    if (Date.parse(body.due_at) - Date.now() > 86400000) return // filed before a holiday: there is a day left
    await illegal(await at('signatory'), code, 'apologise', { note: 'Xin lỗi', due_at: new Date(Date.now() + 9 * 86400000).toISOString() })
  })
})

describe('a department with a check', () => {
  test('appraisal, check by the head, signature, numbering, delivery', async () => {
    const site = (await town.stranger.all(`/api/v1/units?service=${BROKER}`))[0].code
    const form = { certificate: { number: 'CC-02' }, reason: 'burnt' }
    const { code } = await file(lan, site, { service: BROKER, form, papers: [{ kind: 'portrait', document: (await upload(lan)).id }] })
    const way = [
      ['receive', 'one-stop', 2], ['hand-over', 'one-stop', 4], ['submit-for-check', 'specialist', 4],
      ['submit-for-signature', 'unit-head', 4], ['approve', 'signatory', 9], ['issue', 'clerk', 9], ['deliver', 'one-stop', 10],
    ]
    for (const [action, role, status] of way) assert.equal((await act(await at(role, site), code, action)).status, status, action)
    assert.ok((await lan.get('/api/v1/vault')).body.documents.some((d) => d.case === code && d.kind === 'broker-certificate'))
  })
})

describe('at the counter', () => {
  test('an officer files for somebody, who sees it at home', async () => {
    const form = { document: { title: 'Bằng tốt nghiệp' }, pages: 3, copies: 2 }
    const filed = await file(desk, ward, { service: COPY, form, on_behalf_of: minh.party.number, channel: 'counter' })
    assert.equal(filed.channel, 'counter')
    assert.equal(filed.delivery, 'counter')
    assert.equal(filed.applicant.name, minh.party.name)
    assert.equal(filed.submitter.id, desk.party.id)
    assert.deepEqual(filed.fee, { amount: 10000, state: 'due' })
    assert.equal((await minh.get(`/api/v1/cases/${filed.code}`)).body.track_pin?.length > 0, true)
    assert.equal((await walk(town, filed.code, ward, 'approve')).status, 9)
  })

  test('only officers file at the counter, and only for their own unit there', async () => {
    await file(lan, ward, { channel: 'counter', want: 422 })
    const foreign = await at('one-stop', other)
    const { channel } = await file(foreign, ward, { on_behalf_of: minh.party.number, want: 201 })
    assert.equal(channel, 'online', 'an officer of elsewhere is no counter here')
  })
})

describe('other people’s cases', () => {
  test('are not there, and the try is written down', async () => {
    const { code } = await file(lan, ward)
    for (const path of ['', '/events', '/entries']) assert.equal((await minh.get(`/api/v1/cases/${code}${path}`, 404)).body.code, 'not-found')
    await minh.post(`/api/v1/cases/${code}/actions/withdraw`, {}, 404)
    assert.equal((await minh.get(`/api/v1/cases/${ward}-990101-0001`, 404)).body.code, 'not-found')
    assert.ok(!(await minh.all('/api/v1/cases')).some((c) => c.code === code))
    const denied = () => Number(valueOf(town.server.data, `SELECT count(*) FROM audit WHERE action = 'denied' AND what = 'case' AND key = '${code}'`))
    await eventually(denied, (n) => n >= 4)
    const tracked = (await town.stranger.get(`/api/v1/track/${code}`)).body
    assert.equal(tracked.unit, undefined)
  })

  test('the pin of a dossier cannot be guessed', async () => {
    const { code, track_pin: pin } = await file(lan, ward)
    const guess = (word) => town.stranger.get(`/api/v1/track/${code}?pin=${word}`, null)
    const wrong = []
    for (let i = 0; i < 6; i++) wrong.push((await guess(`00000${i}`)).status)
    assert.deepEqual(wrong, [422, 422, 422, 422, 422, 429])
    const late = await guess(pin)
    assert.equal(late.status, 429, 'the right one too')
    assert.equal(late.body.code, 'too-many-requests')
    assert.ok(late.body.retry_after > 0)
    await town.stranger.get(`/api/v1/track/${code}`)
  })

  test('an officer’s look is in the citizen’s log; their own is not', async () => {
    const { code } = await file(lan, ward)
    await desk.get(`/api/v1/cases/${code}`)
    await lan.get(`/api/v1/cases/${code}`)
    const log = await eventually(() => lan.all('/api/v1/vault/access-log'), (l) => l.some((e) => e.case === code))
    assert.deepEqual([...new Set(log.filter((e) => e.case === code).map((e) => e.who.name))], [desk.party.name])
  })

  test('the entries of the book are for the officers of the case', async () => {
    const { code } = await file(lan, ward)
    await lan.get(`/api/v1/cases/${code}/entries`, 403)
    await desk.get(`/api/v1/cases/${code}/entries`)
  })
})

describe('lists', () => {
  test('filters, order and pages', async () => {
    const codes = []
    for (let i = 0; i < 5; i++) codes.push((await file(minh, other)).code)
    const box = await at('one-stop', other)
    await act(box, codes[2], 'receive')

    assert.deepEqual((await minh.all('/api/v1/cases?box=mine', 2)).map((c) => c.code).filter((c) => codes.includes(c)), [...codes].reverse())
    const unit = await box.all('/api/v1/cases?box=unit', 2)
    assert.deepEqual(unit.map((c) => c.code), (await box.all('/api/v1/cases?box=unit')).map((c) => c.code))
    assert.deepEqual((await box.all('/api/v1/cases?box=unit&status=2')).map((c) => c.code), [codes[2]])
    assert.deepEqual(await box.all('/api/v1/cases?box=unit&late=true'), [])
    assert.deepEqual(await box.all(`/api/v1/cases?box=unit&service=${COPY}`), [])
    assert.ok((await box.all(`/api/v1/cases?box=unit&service=${EXTRACT}`)).length >= 5)
    await minh.get('/api/v1/cases?box=everything', 400)
    await minh.get('/api/v1/cases?status=11', 400)
    await minh.get('/api/v1/cases?limit=0', 400)
    await minh.get('/api/v1/cases?limit=201', 400)
  })

  test('by telephone, field, day, officer and part of a code', async () => {
    const box = await at('one-stop', other)
    const { code } = await file(minh, other, { form: { applicant: { phone: '0987654321' } } })
    const found = async (query) => (await box.all(`/api/v1/cases?box=unit&${query}`)).some((c) => c.code === code)
    const { field } = (await minh.get(`/api/v1/services/${EXTRACT}`)).body
    const { submitted_at: filed, due_at: due } = await act(box, code, 'receive')
    const day = (ms) => new Date(ms + 7 * 3600e3).toISOString().slice(0, 10)
    const [today, tomorrow, promised] = [day(Date.parse(filed)), day(Date.parse(filed) + 864e5), day(Date.parse(due))]

    for (const query of ['phone=0987654321', 'phone=%2B84%20987%20654%20321', 'q=0987.654.321', `field=${encodeURIComponent(field)}`, `from=${today}&to=${today}`,
      `from=${today}`, `due_from=${promised}&due_to=${promised}`, 'assignee=none', `q=${code.split('-').slice(1).join('-')}`])
      assert.ok(await found(query), query)
    for (const query of ['phone=0987654322', 'field=Kh%C3%B4ng%20c%C3%B3', `from=${tomorrow}`, `due_from=${day(Date.parse(due) + 864e5)}`, `assignee=${minh.party.id}`])
      assert.ok(!(await found(query)), query)
    for (const query of ['from=2026-02-30', `phone=${'1'.repeat(21)}`]) await box.get(`/api/v1/cases?box=unit&${query}`, 400)
    for (const query of ['from=2026-03-02&to=2026-03-01', 'assignee=somebody']) await box.get(`/api/v1/cases?box=unit&${query}`, 422)
    assert.ok((await minh.all('/api/v1/cases?box=mine&q=0987654321')).some((c) => c.code === code))
    assert.deepEqual(await (await at('one-stop', ward)).all('/api/v1/cases?box=unit&phone=0987654321'), [], 'another unit finds nothing')
  })

  test('a list as CSV and XLSX: the same rows, and nobody else’s', async () => {
    const box = await at('one-stop', other)
    const { code } = await file(minh, other)
    const codes = (await box.all('/api/v1/cases?box=unit&status=1')).map((c) => c.code)
    const csv = await box.get('/api/v1/cases.csv?box=unit&status=1', 200, { 'accept-language': 'en' })
    assert.match(csv.headers['content-type'], /^text\/csv/)
    assert.match(csv.headers['content-disposition'], /filename="dossiers-\d{4}-\d\d-\d\d\.csv"/)
    const lines = csv.text.replace('\ufeff', '').trim().split('\r\n')
    assert.match(lines[0], /^Dossier code,/)
    assert.deepEqual(lines.slice(1).map((line) => line.split(',')[0]), codes)
    const xlsx = await box.get('/api/v1/cases.xlsx?box=unit&status=1')
    const sheet = entryOf(xlsx.bytes, 'xl/worksheets/sheet1.xml')
    assert.deepEqual([...sheet.matchAll(/<c r="A\d+"[^>]*><is><t>([^<]*)/g)].map(([, value]) => value).slice(1), codes)
    assert.ok(codes.includes(code))
    await box.get('/api/v1/cases.csv?box=unit&colour=red', 400)
    assert.equal((await minh.get('/api/v1/cases.csv?box=unit')).text.trim().split('\r\n').length, 1, 'a citizen has no unit')
    await town.stranger.get('/api/v1/cases.csv', 401)
    await eventually(() => valueOf(town.server.data, `SELECT count(*) FROM audit WHERE action = 'export' AND what = 'cases' AND key = 'unit: ${codes.length}'`), (n) => Number(n) >= 2)
  })

  test('the board of a unit counts what its lists show', async () => {
    const box = await at('one-stop', other)
    const { body } = await box.get(`/api/v1/units/${other}/board`)
    assert.equal(body.open, (await box.all('/api/v1/cases?box=unit')).length)
    assert.equal(body.officers.reduce((n, { open }) => n + open, 0), body.open)
    assert.ok(body.whole && body.services.some((s) => s.code === EXTRACT && s.open > 0) && body.days.length === 14)
    await (await town.as('supervisor')).get(`/api/v1/units/${other}/board`)
    await (await at('one-stop', ward)).get(`/api/v1/units/${other}/board`, 403)
    await minh.get(`/api/v1/units/${other}/board`, 403)
    await box.get('/api/v1/units/H29.9.9999/board', 404)
  })

  test('papers that nobody had to bring are counted', async () => {
    const box = await at('one-stop', other)
    const spared = async () => (await box.get(`/api/v1/units/${other}/board`)).body.spared
    const before = await spared()
    const { code } = await file(lan, other)
    const held = (await lan.get(`/api/v1/cases/${code}`)).body.papers.filter((p) => p.held).length
    assert.ok(held > 0)
    await act(box, code, 'receive')
    assert.deepEqual(await spared(), { days: 30, dossiers: before.dossiers + 1, papers: before.papers + held })
  })

  test('codes run without gaps', async () => {
    const numbers = []
    for (let i = 0; i < 4; i++) {
      numbers.push(Number((await file(lan, other)).code.split('-').at(-1)))
      await file(lan, other, { form: { copies: 0 }, want: 422 }) // takes no number
    }
    assert.deepEqual(numbers, numbers.map((_, i) => numbers[0] + i))
  })

  test('the supervisor sees what is below the city', async () => {
    const { code } = await file(lan, ward)
    const supervisor = await town.as('supervisor')
    await supervisor.get(`/api/v1/cases/${code}`)
    assert.deepEqual(await ids(supervisor, code), [])
    assert.ok((await supervisor.all(`/api/v1/cases?box=unit&unit=${ward}`)).some((c) => c.code === code))
  })
})
