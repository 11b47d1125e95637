// Procedures worked out by hand, each from the application to its result and to what the city knows afterwards.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  act, AGAIN, ALLOWANCE, BIRTH, birthForm, BROKER, CHANGE_BUSINESS, CLOSE_BUSINESS, COPY, CORRECTION, DEATH, EXTRACT, FEEDBACK, file, GUARDIANSHIP, HOUSE_PERMIT, MARITAL,
  MARRIAGE, MORTGAGE, OPEN_BUSINESS, PARENT_CHILD, play, PRACTITIONER, SCHOOL, SERVICES, SIGNATURE, SPLIT, SUSPEND_BUSINESS, today, Town, TRANSFER, upload, walk, WORK_PERMIT,
} from './town.mjs'

const town = await Town.open()
const ward = town.wards[0]
const desk = await town.as('one-stop', ward)
const self = (client, registry, key) => client.get(`/api/v1/registries/${registry}/records/${encodeURIComponent(key)}?purpose=self`)

test('a marriage: the book, the certificate, and both are married', async () => {
  const [groom] = await town.citizensWho((p) => p.sex === 'male')
  const [bride] = await town.citizensWho((p) => p.sex === 'female')
  const filed = await file(groom, ward, {
    service: MARRIAGE,
    form: { partner: { number: bride.person.number, full_name: bride.person.full_name, birth_date: bride.person.birth_date } },
  })
  assert.deepEqual(filed.papers.filter((p) => p.required).map((p) => p.source), ['registry'], 'nothing is asked for that the city knows')
  const done = await play(town, filed.code, ward)

  assert.equal(done.results[0].document.title, 'Giấy chứng nhận kết hôn')
  for (const [one, other] of [[groom, bride], [bride, groom]]) {
    const { body } = (await self(one, 'person', one.person.number)).body
    assert.equal(body.marital_status, 'married')
    assert.equal(body.spouse, other.person.number)
  }
  const { records } = (await bride.get('/api/v1/vault')).body
  const entry = records.find((r) => r.registry === 'marriage' && r.title.includes(groom.person.full_name))
  assert.ok(entry, 'the entry of the book is about both')
  const { body } = (await self(bride, 'marriage', entry.key)).body
  assert.equal(body.husband.full_name, groom.person.full_name)
  assert.equal(body.subject, groom.person.number)
  assert.equal(body.partner, bride.person.number)
})

test('a signature is certified at the counter, for 10,000 đồng a paper', async () => {
  const citizen = await town.citizen(2)
  const form = { document: { title: 'Giấy ủy quyền nhận lương hưu' }, papers: 2 }

  await citizen.post('/api/v1/cases', { service: SIGNATURE, unit: ward, form }, null).then(({ status }) => assert.ok(status >= 400, 'not online'))
  const filed = await file(desk, ward, { service: SIGNATURE, form, on_behalf_of: citizen.party.number, channel: 'counter' })
  assert.deepEqual(filed.fee, { amount: 20000, state: 'due' })
  const done = await play(town, filed.code, ward)
  assert.equal(done.results[0].document.title, 'Giấy tờ được chứng thực chữ ký')
})

// ---- every procedure, by its data ----

const at = (role, unit) => town.as(role, unit)
const [man] = await town.citizensWho((p) => p.sex === 'male')
const [owner, other] = [await town.citizen(4), await town.citizen(6)]
const place = '25747'
const CONSTRUCTION = 'H29.15'
const LAND = 'H29.16'
const HEALTH = 'H29.17'
const HOME = 'H29.12'
const LAND_OFFICE = 'H29.22'
const person = (client) => ({ number: client.party.number, full_name: client.party.name })
const parcels = await Promise.all([1, 2, 3, 4].map(async (number) => {
  const code = `${place}/12/${number}`
  const body = { code, place, sheet: '12', number: String(number), address: `Thửa ${number}, ${place}`, area: 200, purpose: 'ODT', owner: owner.party.number, owner_name: owner.party.name, status: 'in-use' }
  await (await at('steward', LAND)).put(`/api/v1/registries/parcel/records/${encodeURIComponent(code)}`, body, undefined, { 'If-Match': '"0"' })
  return code
}))
const own = async (registry, key, client = owner) => (await self(client, registry, key)).body.body
const mine = async (registry, client = owner) => (await client.get('/api/v1/vault')).body.records.filter((r) => r.registry === registry)
const contract = { number: 'HĐ-01', signed_on: today(-3) }
const land = { tax: { total: 0, notice: 'TB-1' }, land: { fits: true, sheet: 'TL-12' } }

/** code, who applies, where, the form, the papers handed in, what officers record, the result, what is true afterwards */
const ROWS = [
  { code: EXTRACT, form: { copies: 1 }, result: 'Bản sao trích lục hộ tịch' },
  { code: BIRTH, form: birthForm('Nguyễn Văn Một Cửa'), papers: ['birth-notice'], result: 'Giấy khai sinh' },
  {
    code: DEATH, papers: ['death-notice'], result: 'Trích lục khai tử',
    form: { relation: 'relative', deceased: { full_name: 'Trần Văn Đã Mất' }, death: { date: today(-2), place: 'Tại nhà', cause: 'Bệnh' } },
  },
  { code: MARITAL, form: { purpose: 'other', purpose_detail: 'Làm hồ sơ' }, result: 'Giấy xác nhận tình trạng hôn nhân' },
  { code: COPY, form: { document: { title: 'Bằng tốt nghiệp' }, pages: 1, copies: 1 }, counter: true, result: 'Bản sao chứng thực từ bản chính' },
  { code: BROKER, unit: CONSTRUCTION, form: { certificate: { number: 'CC-1' }, reason: 'lost' }, papers: ['portrait'], result: 'Chứng chỉ hành nghề môi giới bất động sản' },
  {
    code: PARENT_CHILD, client: man, papers: ['relation-evidence'], result: 'Trích lục đăng ký nhận cha, mẹ, con',
    form: { relation: 'father-recognises-child', other: { ...person(other), birth_date: '2015-05-05' } },
    then: async () => {
      assert.equal((await own('person', other.party.number, other)).father, man.party.number)
      assert.ok((await mine('parent_child', other)).length > 0, 'the entry is about both')
    },
  },
  {
    code: GUARDIANSHIP, papers: ['guardian-condition'], result: 'Trích lục đăng ký giám hộ',
    form: { kind: 'natural', ward: { ...person(other), birth_date: '2015-05-05' }, reason: 'Cha mẹ đều đã mất' },
    then: async () => assert.ok((await mine('guardianship', other)).length > 0),
  },
  {
    code: CORRECTION, client: other, papers: ['change-evidence'], result: 'Trích lục thay đổi, cải chính, bổ sung hộ tịch',
    form: { event: 'birth', change: { kind: 'correct', item: 'native_place', before: 'Sai', after: 'Tỉnh Đúng', ground: 'Ghi sai' } },
    inputs: async (code) => ({ 'submit-for-signature': { entry: await entryOf(code) } }),
    then: async () => {
      assert.equal((await own('person', other.party.number, other)).native_place, 'Tỉnh Đúng')
      const [birth] = await mine('birth', other)
      assert.equal((await own('birth', birth.key, other)).annotations.at(-1).after, 'Tỉnh Đúng')
      assert.equal((await mine('status_change', other)).length, 1)
    },
  },
  {
    code: AGAIN, result: 'Giấy khai sinh (đăng ký lại)', form: { former: { office: 'Ủy ban nhân dân xã cũ' }, lost: true, child: { birth_place: 'Bệnh viện', native_place: 'Huế', ethnicity: 'Kinh' } },
    then: async () => {
      const births = await Promise.all((await mine('birth')).map((r) => own('birth', r.key)))
      assert.ok(births.some((b) => b.kind_of_registration === 'again' && b.annotations[0].content.includes('xã cũ')))
    },
  },
  {
    code: OPEN_BUSINESS, fee: 150000, result: 'Giấy chứng nhận đăng ký hộ kinh doanh',
    form: { business: { name: 'Phở Một Cửa', address: '1 Lê Lợi', lines: ['Ăn uống'], capital: 50000000, starts_on: today(5) } },
    then: async () => {
      const [business] = await mine('household_business')
      assert.match(business.key, /^HKD-\d{5}-\d{4}-1$/)
      assert.equal((await own('household_business', business.key)).status, 'active')
    },
  },
  {
    code: CHANGE_BUSINESS, result: 'Giấy chứng nhận đăng ký hộ kinh doanh (thay đổi)', form: { changes: { name: 'Phở Hai Cửa', lines: ['Ăn uống', 'Bán lẻ'] } },
    then: async () => {
      const body = await own('household_business', (await mine('household_business'))[0].key)
      assert.deepEqual([body.name, body.lines.length, body.address, body.changes], ['Phở Hai Cửa', 2, '1 Lê Lợi', 1])
    },
  },
  {
    code: SUSPEND_BUSINESS, result: 'Giấy xác nhận về việc hộ kinh doanh tạm ngừng hoặc tiếp tục kinh doanh', form: { what: 'suspend', from: today(5), to: today(60), reason: 'Sửa nhà' },
    then: async () => assert.equal((await own('household_business', (await mine('household_business'))[0].key)).status, 'suspended'),
  },
  {
    code: CLOSE_BUSINESS, result: 'Thông báo chấm dứt hoạt động hộ kinh doanh', form: { from: today(5), reason: 'Nghỉ', settled: true },
    then: async () => assert.equal((await own('household_business', (await mine('household_business'))[0].key)).status, 'closed'),
  },
  {
    code: MORTGAGE, unit: LAND_OFFICE, fee: 80000, papers: ['security-contract'], result: 'Chứng nhận đăng ký biện pháp bảo đảm', form: { parcel: parcels[0], taker: { name: 'Ngân hàng Ví Dụ' }, contract },
    then: async () => {
      assert.equal((await own('parcel', parcels[0])).secured, true)
      assert.equal((await mine('land_security')).length, 1)
    },
  },
  {
    code: TRANSFER, unit: LAND, papers: ['transfer-contract'], answers: land, record: { certificate: 'AA 00000001' },
    result: 'Giấy chứng nhận quyền sử dụng đất, quyền sở hữu tài sản gắn liền với đất', form: { parcel: parcels[1], way: 'gift', recipient: person(other), contract },
    then: async () => {
      const body = await own('parcel', parcels[1], other)
      assert.deepEqual([body.owner, body.certificate], [other.party.number, 'AA 00000001'])
    },
  },
  {
    code: SPLIT, unit: LAND, papers: ['split-drawing'], answers: land, record: { certificate: 'AA 00000002' },
    result: 'Giấy chứng nhận cho các thửa đất mới', form: { parcel: parcels[2], parts: [{ area: 120 }, { area: 79.5 }], reason: 'Cho con' },
    then: async () => {
      assert.equal((await own('parcel', parcels[2])).status, 'split')
      const part = await own('parcel', `${parcels[2]}-2`)
      assert.deepEqual([part.area, part.parent, part.owner, part.status], [79.5, parcels[2], owner.party.number, 'in-use'])
    },
  },
  {
    code: HOUSE_PERMIT, papers: ['house-drawings'], result: 'Giấy phép xây dựng nhà ở riêng lẻ', record: { inspected_on: today(), floors: 3, ground_area: 80, floor_area: 240, height: 12 },
    form: { parcel: parcels[3], house: { floors: 4, ground_area: 80, floor_area: 320, height: 16 }, designer: { name: 'Công ty Thiết kế Ví Dụ' } },
    then: async () => {
      const [permit] = await mine('building_permit')
      assert.deepEqual([(await own('building_permit', permit.key)).floors, (await own('building_permit', permit.key)).parcel], [3, parcels[3]])
    },
  },
  {
    code: ALLOWANCE, papers: ['disability-certificate'], result: 'Quyết định trợ cấp xã hội hằng tháng',
    record: { verified: 'Đã xác minh tại nhà', eligible: true, coefficient: 1.5, from: today() },
    form: { category: 'disabled', situation: 'Không tự phục vụ được', account: { bank: 'Ngân hàng Ví Dụ', number: '0123456789' } },
    then: async () => assert.equal((await own('social_benefit', owner.party.number)).amount, 750000),
  },
  {
    code: WORK_PERMIT, unit: HOME, fee: 600000, papers: ['passport-copy', 'health-certificate', 'criminal-record', 'portrait', 'expertise-proof'], result: 'Giấy phép lao động',
    record: { approved_need: true, from: today(20), to: today(700) },
    form: {
      employer: { name: 'Công ty Ví Dụ', tax_code: '0100109106', address: '1 Lê Lợi, Thành phố Hồ Chí Minh' },
      worker: { full_name: 'JANE EXAMPLE', sex: 'female', birth_date: '1985-01-01', nationality: 'Pháp', passport: 'C1234567' },
      job: { kind: 'expert', title: 'Chuyên gia', place: 'Thành phố Hồ Chí Minh', from: today(20), to: today(700), need: 'Chuyển giao công nghệ mới' },
    },
    then: async (code) => {
      const officer = await at('specialist', HOME)
      const found = await officer.all(`/api/v1/registries/work_permit/records?purpose=case&case=${code}&where[passport]=C1234567`)
      assert.equal(found.length, 1)
      assert.equal(found[0].body.to, today(700))
    },
  },
  {
    code: SCHOOL, papers: ['school-report', 'transfer-letter'], record: { school: 'Trường Trung học cơ sở Mới', grade: 7, from: today(3) }, result: 'Giấy giới thiệu chuyển trường',
    form: { student: { ...person(other), birth_date: '2014-01-01' }, from: { school: 'Trường cũ', grade: 7 }, to: { school: 'Trường Trung học cơ sở Mới' }, reason: 'Chuyển nhà' },
    then: async () => assert.deepEqual((({ school, former_school: before }) => [school, before])(await own('student', other.party.number, other)), ['Trường Trung học cơ sở Mới', 'Trường cũ']),
  },
  {
    code: PRACTITIONER, unit: HEALTH, fee: 430000, papers: ['medical-degree', 'practice-confirmation', 'health-certificate', 'portrait'], result: 'Giấy phép hành nghề khám bệnh, chữa bệnh',
    record: { title: 'nurse', scope: 'Điều dưỡng đa khoa' },
    form: { profession: { title: 'nurse', degree: 'Cử nhân điều dưỡng', graduated_on: '2020-06-01' }, practice: { place: 'Bệnh viện', months: 6 } },
    then: async () => assert.equal((await own('practitioner', (await mine('practitioner'))[0].key)).title, 'nurse'),
  },
  {
    code: FEEDBACK, result: 'Trả lời phản ánh, kiến nghị', record: { outcome: 'accepted', answer: 'Đã bố trí thêm quầy tiếp nhận.' },
    form: { about: 'Thời gian chờ', content: 'Phải chờ quá lâu ở quầy tiếp nhận.' },
    then: async (code, done) => {
      assert.equal(done.decision.answer, 'Đã bố trí thêm quầy tiếp nhận.')
      assert.equal((await own('procedure_feedback', code)).outcome, 'accepted')
    },
  },
]

async function entryOf(code) {
  const specialist = await at('specialist', ward)
  return (await specialist.all(`/api/v1/cases/${code}/entries`))[0].key
}

for (const { code, client = owner, unit = ward, form, papers = [], counter, fee, record, answers, inputs, result, then } of ROWS)
  test(`${code}: ${result}`, async () => {
    const by = counter ? await at('one-stop', unit) : client
    const given = await Promise.all(papers.map(async (kind) => ({ kind, document: (await upload(client)).id })))
    const filed = await file(by, unit, { service: code, form, papers: given, ...(counter && { on_behalf_of: client.party.number, channel: 'counter' }) })
    if (!counter) assert.deepEqual(filed.papers.filter((p) => p.required && p.source === null), [], 'nothing lacks')
    if (fee !== undefined) assert.deepEqual(filed.fee, { amount: fee, state: 'due' })
    const words = { answers, 'submit-for-check': { form: record }, 'submit-for-signature': { form: record }, 'post-publicly': { form: record }, ...(await inputs?.(filed.code)) }
    const done = await play(town, filed.code, unit, words)
    const document = done.results[0].document
    assert.equal(document.title, result)
    assert.ok((await client.get('/api/v1/vault')).body.documents.some((d) => d.id === document.id), 'in the vault of whose it is')
    await then?.(filed.code, done)
  })

test('every procedure of the pack is played', () => {
  assert.deepEqual([...ROWS.map((r) => r.code), MARRIAGE, SIGNATURE].sort(), [...SERVICES].sort())
})

describe('what a form offers of one’s own', () => {
  const offered = async (client) => (await client.get(`/api/v1/services/${MORTGAGE}/form`)).body

  test('are the records the city holds, and no others', async () => {
    const { schema } = await offered(owner)
    const keys = schema.properties.parcel.oneOf.map((o) => o.const)
    for (const key of [parcels[0], parcels[3], `${parcels[2]}-1`]) assert.ok(keys.includes(key), key)
    assert.ok(!keys.includes(parcels[1]), 'it went to another')
    assert.deepEqual((await offered(other)).data.parcel, parcels[1], 'the only one is chosen already')
    const papers = [{ kind: 'security-contract', document: (await upload(other)).id }]
    const wrong = await file(other, LAND_OFFICE, { service: MORTGAGE, form: { parcel: parcels[0], taker: { name: 'Ngân hàng' }, contract }, papers, want: 422 })
    assert.deepEqual(wrong.errors.map((e) => [e.pointer, e.keyword]), [['/parcel', 'own']])
  })
})

describe('what officers record', () => {
  test('is asked for by the action, checked, among officers until it is signed', async () => {
    const { code } = await file(owner, ward, { service: FEEDBACK, form: { about: 'Lệ phí', content: 'Niêm yết lệ phí chưa rõ.' } })
    await walk(town, code, ward, 'assign')
    const specialist = await at('specialist', ward)
    const offered = (await specialist.get(`/api/v1/cases/${code}`)).body.actions.find((a) => a.id === 'submit-for-signature')
    assert.deepEqual(offered.needs, ['form'])
    assert.deepEqual(offered.options.form.schema.required, ['outcome', 'answer'])
    assert.deepEqual((await act(specialist, code, 'submit-for-signature', {}, 422)).errors.map((e) => e.pointer), ['/form'])
    const wrong = await act(specialist, code, 'submit-for-signature', { form: { outcome: 'accepted', answer: 'ngắn', more: 1 } }, 422)
    assert.equal(wrong.code, 'form-invalid')
    const answer = 'Đã niêm yết lại đầy đủ.'
    assert.equal((await act(specialist, code, 'submit-for-signature', { form: { outcome: 'accepted', answer } })).decision.answer, answer)
    assert.equal((await owner.get(`/api/v1/cases/${code}`)).body.decision, null)
    await act(await at('signatory', ward), code, 'return-to-step', { note: 'Nói rõ hơn' })
    const again = (await specialist.get(`/api/v1/cases/${code}`)).body.actions.find((a) => a.id === 'submit-for-signature')
    assert.equal(again.options.form.data.answer, answer, 'what was recorded before is there')
  })
})

test('land is not signed before its duties are paid, nor against the land records', async () => {
  const papers = [{ kind: 'transfer-contract', document: (await upload(owner)).id }]
  const { code } = await file(owner, LAND, { service: TRANSFER, form: { parcel: parcels[0], way: 'sale', recipient: person(other), contract: { ...contract, price: 900000000 } }, papers })
  await act(await at('one-stop', LAND), code, 'receive')
  const { asked } = await act(await at('one-stop', LAND), code, 'hand-over')
  assert.deepEqual(asked.map((a) => a.ask).sort(), ['land', 'tax'], 'both at the same time')
  const [tax, office] = ['tax', 'land'].map((ask) => asked.find((a) => a.ask === ask))
  const child = (await (await at('specialist', tax.unit.code)).get(`/api/v1/cases/${tax.case}`)).body
  assert.equal(child.form.price, 900000000)
  const slip = await (await at('specialist', tax.unit.code)).get(`/api/v1/cases/${tax.case}/slips/control-slip`)
  assert.match(slip.headers['content-type'], /^application\/pdf/)
  await act(await at('specialist', tax.unit.code), tax.case, 'answer', { note: 'Thông báo', form: { total: 22500000, notice: 'TB-9' } })
  await act(await at('specialist', office.unit.code), office.case, 'answer', { note: 'Đủ điều kiện', form: { fits: true } })
  const specialist = await at('specialist', LAND)
  const ids = async () => (await specialist.get(`/api/v1/cases/${code}`)).body.actions.map((a) => a.id)
  const seen = (await specialist.get(`/api/v1/cases/${code}`)).body
  assert.equal(seen.asked.find((a) => a.ask === 'tax').decision.total, 22500000)
  assert.ok(!(await ids()).includes('submit-for-check'))
  assert.equal((await act(specialist, code, 'request-payment', { note: 'Theo thông báo TB-9', amount: 22500000 })).status, 6)
  await act(owner, code, 'pay', { note: 'FT1' })
  assert.ok(!(await ids()).includes('submit-for-check'), 'said to be paid is not yet paid')
  await act(await at('cashier', LAND), code, 'pay')
  assert.ok((await ids()).includes('submit-for-check'))
})

describe('a fee that is not one sum', () => {
  test('is set by whoever takes the money, with the reason in the log', async () => {
    const { code, fee } = await file(owner, ward, { service: MARITAL, form: { purpose: 'other', purpose_detail: 'Làm hồ sơ' } })
    assert.deepEqual(fee, { amount: 0, state: 'none' })
    const cashier = await at('cashier', ward)
    await act(await at('one-stop', ward), code, 'receive')
    assert.deepEqual((await act(cashier, code, 'set-fee', {}, 422)).errors.map((e) => e.pointer).sort(), ['/amount', '/note'])
    assert.deepEqual((await act(cashier, code, 'set-fee', { amount: 15000, note: 'Theo Nghị quyết của Hội đồng nhân dân' })).fee, { amount: 15000, state: 'due' })
    assert.equal((await act(cashier, code, 'pay')).fee.state, 'paid')
    await act(cashier, code, 'set-fee', { amount: 1, note: 'Nữa' }, 409)
    assert.ok((await owner.all(`/api/v1/cases/${code}/events`)).some((e) => e.action === 'set-fee' && e.note.includes('Nghị quyết')))
  })

  test('where it is one sum nobody sets another', async () => {
    const { code } = await file(owner, ward, { service: EXTRACT, form: { copies: 1 } })
    await act(await at('one-stop', ward), code, 'receive')
    await act(await at('cashier', ward), code, 'set-fee', { amount: 1, note: 'Nữa' }, 409)
  })
})
