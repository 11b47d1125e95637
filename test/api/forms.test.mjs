// The form: filled from what the city knows, locked where a registry masters the answer, checked before it is filed; drafts.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BIRTH, birthForm, BROKER, COPY, EXTRACT, SERVICES, Town } from './town.mjs'

const town = await Town.open()
const lan = await town.citizen(0)
const ward = town.wards[0]
const form = async (code, client = lan, query = '') => (await client.get(`/api/v1/services/${code}/form${query}`)).body

test('the extract: who one is stands there already, locked', async () => {
  const f = await form(EXTRACT)
  const own = (await lan.get(`/api/v1/registries/person/records/${lan.party.number}`)).body.body

  assert.deepEqual(f.data.applicant.number, lan.party.number)
  assert.equal(f.data.applicant.full_name, own.full_name)
  assert.equal(f.data.applicant.birth_date, own.birth_date)
  assert.equal(f.data.subject_number, lan.party.number)
  assert.equal(f.data.event, 'birth')
  assert.equal(f.data.copies, 1)
  for (const pointer of ['/applicant/number', '/applicant/full_name', '/applicant/birth_date']) assert.ok(f.locked.includes(pointer), pointer)
  for (const pointer of ['/subject_number', '/copies', '/event']) assert.ok(!f.locked.includes(pointer), pointer)
  assert.deepEqual(f.fee, { amount: 8000, state: 'due' })
})

test('what a registry holds is not asked for, and it says where it is', async () => {
  const { papers } = await form(EXTRACT)
  const identity = papers.find((p) => p.kind === 'identity-paper')

  assert.equal(identity.source, 'registry')
  assert.equal(identity.held.registry, 'person')
  assert.ok(identity.held.title.length > 0)
})

test('titles are plain strings in the language asked for, and pages name every field', async () => {
  for (const code of SERVICES.filter((c) => c !== COPY))
    for (const [lang, client] of [['vi', lan], ['en', lan.with({ 'Accept-Language': 'en' })]]) {
      const f = await form(code, client)
      assert.ok(!/"(vi|en)":/.test(JSON.stringify(f)), `${code} in ${lang} carries both languages`)
      const named = f.ui.pages.flatMap((p) => p.fields)
      assert.deepEqual([...named].sort(), Object.keys(f.schema.properties).sort(), `${code}: fields of the pages`)
    }
  const title = async (client) => (await form(EXTRACT, client)).schema.properties.copies.title
  assert.equal(await title(lan), 'Số bản sao')
  assert.equal(await title(lan.with({ 'Accept-Language': 'en' })), 'Number of copies')
})

test('a locked field says where the city knows it from', async () => {
  const { schema } = await form(EXTRACT)
  assert.ok(schema.properties.applicant.properties.full_name['x-source-title'])
})

const check = (body, want, client = lan, code = EXTRACT) => client.post(`/api/v1/services/${code}/check`, { unit: ward, ...body }, want)

test('checking says the fee and the time', async () => {
  const { body } = await check({ form: { copies: 3 } }, 200)
  assert.deepEqual(body.fee, { amount: 24000, state: 'due' })
  assert.ok(Date.parse(body.due_at) > Date.now())
  assert.match(body.due_at, /\+07:00$/)
})

test('fees by the page of the original', async () => {
  const desk = await town.as('one-stop', ward)
  const fee = async (pages, copies) =>
    (await desk.post(`/api/v1/services/${COPY}/check`, { unit: ward, form: { document: { title: 'Bằng đại học' }, pages, copies }, on_behalf_of: lan.party.number, channel: 'counter' }, null)).body
  for (const [pages, copies, amount] of [[1, 1, 2000], [2, 1, 4000], [3, 1, 5000], [10, 2, 24000], [2000, 1, 200000]]) {
    const reply = await fee(pages, copies)
    assert.equal(reply.fee?.amount, amount, `${pages} pages, ${copies} copies: ${JSON.stringify(reply)}`)
  }
})

const wrong = [
  // [form, pointer, keyword]
  [{ copies: 0 }, '/copies', 'minimum'],
  [{ copies: 21 }, '/copies', 'maximum'],
  [{ copies: 'hai' }, '/copies', 'type'],
  [{ event: 'holiday' }, '/event', 'oneOf'],
  [{ subject_number: '079' }, '/subject_number', null],
  [{ colour: 'red' }, '/colour', null],
]
for (const [bad, pointer, keyword] of wrong)
  test(`a form that does not fit: ${JSON.stringify(bad)}`, async () => {
    const { body } = await check({ form: bad }, 422)
    const item = body.errors.find((e) => e.pointer === pointer || e.pointer === `/form${pointer}`)
    assert.equal(body.code, 'form-invalid')
    assert.ok(item, JSON.stringify(body.errors))
    if (keyword) assert.ok(body.errors.some((e) => e.keyword === keyword), JSON.stringify(body.errors))
    assert.ok(item.message.length > 3)
  })

test('every wrong field is told at once, in the reader’s language', async () => {
  const bad = { form: { copies: 0, subject_number: 'x', purpose: 'x'.repeat(201) } }
  const vi = (await check(bad, 422)).body
  const en = (await check(bad, 422, lan.with({ 'Accept-Language': 'en' }))).body

  assert.ok(vi.errors.length >= 3, JSON.stringify(vi.errors))
  assert.notEqual(vi.title, en.title)
  assert.notEqual(vi.errors[0].message, en.errors[0].message)
})

test('what the city holds cannot be changed in a form', async () => {
  const { body } = await check({ form: { applicant: { full_name: 'Người Khác' } } }, 422)
  assert.equal(body.code, 'field-locked')
  assert.deepEqual(body.errors.map((e) => e.pointer.replace(/^\/form/, '')), ['/applicant/full_name'])
  await check({ form: { applicant: { full_name: lan.party.name } } }, 200) // saying the same is no change
})

test('a paper that lacks is told before filing', async () => {
  const missing = (await lan.post('/api/v1/cases', { service: BIRTH, unit: ward, form: birthForm('Nguyễn Bé Na') }, 422)).body
  assert.equal(missing.code, 'paper-missing')
  const site = (await town.stranger.all(`/api/v1/units?service=${BROKER}`))[0].code
  const { papers } = await form(BROKER)
  assert.ok(papers.some((p) => p.kind === 'portrait' && p.required && !p.source))
  assert.equal((await lan.post('/api/v1/cases', { service: BROKER, unit: site, form: { certificate: { number: '1' }, reason: 'lost' } }, 422)).body.code, 'paper-missing')
})

test('a unit that does not take it, a service that is not, a unit that is not', async () => {
  assert.equal((await check({ unit: town.departments.find((d) => d), form: {} }, 422, lan, BIRTH)).body.code, 'unit-not-offering')
  await lan.post('/api/v1/services/9.999999/check', { unit: ward, form: {} }, 422).catch(() => lan.post('/api/v1/services/9.999999/check', { unit: ward, form: {} }, 404))
  assert.equal((await check({ unit: 'H29.0', form: {} }, 422)).body.errors[0].pointer, '/unit')
})

test('at the counter only: a citizen cannot file it online', async () => {
  assert.equal((await check({ form: { document: { title: 'Bằng' } } }, 422, lan, COPY)).body.code, 'service-closed')
})

test('for whom: a citizen for oneself; a one-stop officer names somebody', async () => {
  const other = (await town.citizen(1)).party.number
  const desk = await town.as('one-stop', ward)

  await lan.get(`/api/v1/services/${EXTRACT}/form?on_behalf_of=${other}`, 403)
  assert.equal((await desk.get(`/api/v1/services/${EXTRACT}/form`, 422)).body.errors[0].pointer, '/on_behalf_of')
  assert.equal((await form(EXTRACT, desk, `?on_behalf_of=${other}`)).data.applicant.number, other)
  assert.equal((await desk.get(`/api/v1/services/${EXTRACT}/form?on_behalf_of=000000000000`, 422)).body.errors[0].keyword, 'absent')
})

test('drafts: kept, replaced, listed, dropped; nobody else’s', async () => {
  const path = `/api/v1/drafts/${EXTRACT}`
  const minh = await town.citizen(2)
  const draft = { unit: ward, page: 'copies', form: { copies: 4, purpose: 'xin học bổng' }, papers: [] }

  await lan.get(path, 404)
  await lan.put(path, draft, 204)
  const kept = (await lan.get(path)).body
  assert.deepEqual({ ...kept, saved_at: undefined }, { service: EXTRACT, ...draft, saved_at: undefined })
  await lan.put(path, { form: { copies: 'not yet a number' } }, 204) // half-filled forms are what drafts are for
  assert.deepEqual((await lan.all('/api/v1/drafts')).map((d) => d.form), [{ copies: 'not yet a number' }])
  assert.deepEqual(await minh.all('/api/v1/drafts'), [])
  await minh.get(path, 404)
  await lan.put('/api/v1/drafts/9.999999', draft, 404)
  await lan.put(path, { page: 'copies' }, 422)
  await lan.delete(path, 204)
  await lan.get(path, 404)
})
