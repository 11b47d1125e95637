// The registries: who sees which fields and for what, lists and searches, versions, and bringing in files of rows.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { eventually } from './harness.mjs'
import { act, file, Town } from './town.mjs'

const town = await Town.open()
const ward = town.wards[0]
const lan = await town.citizen(0)
const minh = await town.citizen(1)
const steward = await town.as('steward', 'H29.11')
const specialist = await town.as('specialist', ward)
const REGISTRIES = '/api/v1/registries'
const HOUSEHOLD = `${REGISTRIES}/household/records`
const household = (n, over = {}) => ({ number: `HK-99999-${String(n).padStart(6, '0')}`, head: lan.party.number, head_name: lan.party.name, place: '99999', address: '1 Đường Thử Nghiệm', ...over })
const key = (n) => household(n).number

describe('the catalogue', () => {
  test('names every registry of the pack, to anyone', async () => {
    const names = (await town.stranger.all(REGISTRIES)).map((r) => r.name)
    for (const name of ['person', 'household', 'birth', 'marriage', 'death', 'parent_child', 'unit', 'service']) assert.ok(names.includes(name), `${name} is not among ${names}`)
  })

  test('one says its fields, its schema and its owner, in one language', async () => {
    const vi = (await town.stranger.get(`${REGISTRIES}/person`)).body
    const en = (await town.stranger.get(`${REGISTRIES}/person`, 200, { 'Accept-Language': 'en' })).body
    assert.equal(vi.title, 'Dân cư')
    assert.equal(en.title, 'Residents')
    assert.equal(vi.owner.code, 'H29.11')
    assert.equal(vi.key, 'number')
    assert.equal(vi.schema.properties.full_name.title, 'Họ, chữ đệm, tên')
    assert.ok(vi.fields.some((f) => f.name === 'birth_date' && !f.unique))
    assert.equal(vi.may_write, false)
    assert.equal((await steward.get(`${REGISTRIES}/person`)).body.may_write, true)
    await town.stranger.get(`${REGISTRIES}/nothing`, 404)
  })
})

test('a marriage is held about both: each finds it in the vault and may read it', async () => {
  const couple = (await specialist.get(`${REGISTRIES}/marriage/records?limit=200`)).body.items.map((r) => r.body)
  const known = new Map(town.accounts.filter((a) => a.role === 'citizen').map((c) => [c.user, c]))
  const marriage = couple.find((m) => known.has(m.subject) && known.has(m.partner))
  assert.ok(marriage, 'no couple of the demo city can sign in')
  for (const number of [marriage.subject, marriage.partner]) {
    const spouse = await town.signedIn(known.get(number))
    const held = (await spouse.get('/api/v1/vault')).body.records.find((r) => r.registry === 'marriage' && r.key === marriage.code)
    assert.ok(held, `${number} does not find it`)
    await spouse.get(`${REGISTRIES}/marriage/records/${encodeURIComponent(held.key)}`)
  }
  await minh.get(`${REGISTRIES}/marriage/records/${encodeURIComponent(marriage.code)}`, [marriage.subject, marriage.partner].includes(minh.party.number) ? 200 : 404)
})

describe('who sees what', () => {
  const person = `${REGISTRIES}/person/records`

  test('a stranger nothing of a person', async () => {
    assert.equal((await town.stranger.get(`${person}/${lan.party.number}`, 401)).body.code, 'unauthenticated')
    await town.stranger.get(person, 401)
  })

  test('a citizen their own whole record, and no other', async () => {
    const { body } = (await lan.get(`${person}/${lan.party.number}`)).body
    assert.equal(body.full_name, lan.party.name)
    assert.ok(body.status)
    await minh.get(`${person}/${lan.party.number}`, 404)
    assert.deepEqual((await lan.all(person)).map((r) => r.key), [lan.party.number])
  })

  test('a one-stop officer some fields, a specialist all of them, for a case', async () => {
    const desk = await town.as('one-stop', ward)
    const some = (await desk.get(`${person}/${lan.party.number}?purpose=case`)).body.body
    const all = (await specialist.get(`${person}/${lan.party.number}?purpose=case`)).body.body
    const shared = ['number', 'full_name', 'birth_date', 'birth_precision', 'sex', 'ethnicity', 'nationality', 'place', 'address', 'status']
    assert.deepEqual(Object.keys(some).filter((k) => !shared.includes(k)), [])
    assert.ok(Object.keys(all).length > Object.keys(some).length)
  })

  test('a purpose one has not is refused; so is a filter on what one may not see', async () => {
    const desk = await town.as('one-stop', ward)
    await desk.get(`${person}/${lan.party.number}?purpose=stewardship`, 403)
    await desk.get(`${person}?purpose=case&where[mother]=${lan.party.number}`, 403)
    await desk.get(`${person}/${lan.party.number}?purpose=curiosity`, 400)
  })

  test('households are nothing to the one-stop, and the try is written down', async () => {
    await (await town.as('one-stop', ward)).get(HOUSEHOLD, 403)
    await specialist.get(`${HOUSEHOLD}?limit=1`)
  })

  test('a look is in the log of whom it is about, with its case', async () => {
    const { code } = await file(lan, ward)
    await act(await town.as('one-stop', ward), code, 'receive')
    await specialist.get(`${person}/${lan.party.number}?purpose=case&case=${code}`)
    const log = await eventually(() => lan.all('/api/v1/vault/access-log'), (l) => l.some((e) => e.what.includes('person') && (e.purpose ?? '').includes(code)))
    assert.equal(log.find((e) => (e.purpose ?? '').includes(code)).who.name, specialist.party.name)
  })
})

describe('lists', () => {
  const all = `${REGISTRIES}/person/records?purpose=stewardship`

  test('page by page each once', async () => {
    const keys = (await steward.all(all, 100)).map((r) => r.key)
    assert.ok(keys.length >= 300, `${keys.length} residents`)
    assert.equal(new Set(keys).size, keys.length)
  })

  test('by words without diacritics', async () => {
    const plain = lan.party.name.normalize('NFD').replace(/\p{M}/gu, '').replace(/đ/g, 'd').replace(/Đ/g, 'D')
    for (const q of [lan.party.name, plain, plain.toUpperCase(), lan.party.number])
      assert.ok((await steward.all(`${all}&q=${encodeURIComponent(q)}`)).some((r) => r.key === lan.party.number), q)
  })

  test('by an indexed field', async () => {
    const { birth_date } = (await lan.get(`${REGISTRIES}/person/records/${lan.party.number}`)).body.body
    const found = await steward.all(`${all}&where[birth_date]=${birth_date}`)
    assert.ok(found.some((r) => r.key === lan.party.number))
    assert.ok(found.every((r) => r.body.birth_date === birth_date))
    assert.deepEqual(await steward.all(`${all}&where[birth_date]=${birth_date}&where[number]=000000000000`), [])
  })

  const bad = [
    ['where[ethnicity]=Kinh', 'a field without an index'],
    ['where[nothing]=1', 'no field at all'],
    ['order=name', 'an unknown parameter'],
    ['at=yesterday', 'no instant'],
    ['at=2026-01-01&q=lan', 'words in the past'],
    ['cursor=garbage', 'a cursor that is not ours'],
    ['limit=1000', 'too many at once'],
  ]
  for (const [query, why] of bad)
    test(`refused: ${why}`, async () => {
      const { status } = await steward.get(`${all}&${query}`, null)
      assert.ok([400, 422].includes(status), String(status))
    })
})

describe('writing', () => {
  const put = (n, body, want, match, headers = {}) => steward.put(`${HOUSEHOLD}/${key(n)}`, body, want, { ...(match === undefined ? {} : { 'If-Match': match }), ...headers })

  test('a new record, its versions and its history', async () => {
    const { body, headers } = await put(1, household(1), undefined, '"0"')
    assert.equal(body.version, 1)
    assert.match(headers.etag, /^"1/)
    assert.equal(body.unit.code, 'H29.11')
    const changed = (await put(1, household(1, { address: '2 Đường Khác' }), 200, '"1"')).body
    assert.equal(changed.version, 2)
    const patched = (await steward.patch(`${HOUSEHOLD}/${key(1)}?reason=${encodeURIComponent('đổi tên đường')}`, { address: '3 Đường Nữa' }, 200, { 'If-Match': '"2"' })).body
    assert.deepEqual(patched.body, household(1, { address: '3 Đường Nữa' }))
    const history = await steward.all(`${HOUSEHOLD}/${key(1)}/history?purpose=stewardship`)
    assert.deepEqual(history.map((v) => [v.version, v.body.address]), [[3, '3 Đường Nữa'], [2, '2 Đường Khác'], [1, '1 Đường Thử Nghiệm']])
    assert.equal(history[0].reason, 'đổi tên đường')
    assert.equal(history[0].actor, steward.party.name)
    assert.deepEqual(await steward.all(`${HOUSEHOLD}/${key(1)}/history?purpose=stewardship`, 1), history)
  })

  test('it is found at once by what it says now, and no more by what it said', async () => {
    await put(2, household(2, { address: 'Hẻm Cầu Vồng' }), undefined, '"0"')
    const found = async (q) => (await steward.all(`${HOUSEHOLD}?purpose=stewardship&q=${encodeURIComponent(q)}`)).map((r) => r.key)
    assert.deepEqual(await found('hem cau vong'), [key(2)])
    await put(2, household(2, { address: 'Hẻm Mặt Trời' }), 200, '"1"')
    assert.deepEqual(await found('cau vong'), [])
    assert.deepEqual(await found('mat troi'), [key(2)])
  })

  test('a version not seen is refused with the current one', async () => {
    await put(3, household(3), undefined, '"0"')
    assert.equal((await put(3, household(3), 428)).body.code, 'precondition-required')
    const stale = (await put(3, household(3), 412, '"9"')).body
    assert.equal(stale.version, 1)
    const exists = (await put(3, household(3), 409, '"0"')).body
    assert.equal(exists.code, 'record-exists')
    assert.equal((await put(4, household(4), 404, '"5"')).body.code, 'not-found')
  })

  test('of two stewards one wins', async () => {
    await put(5, household(5), undefined, '"0"')
    const replies = await Promise.all([1, 2, 3, 4].map((i) => put(5, household(5, { address: `số ${i}` }), null, '"1"')))
    assert.deepEqual(replies.map((r) => r.status).sort(), [200, 412, 412, 412])
  })

  const bad = [
    [{ place: 'x' }, '/place', 'pattern'],
    [{ head: '123' }, '/head', 'format'],
    [{ colour: 'red' }, '/colour', 'additionalProperties'],
    [{ address: undefined }, '/address', 'required'],
    [{ number: 'HK-99999-999999' }, '/number', 'const'],
  ]
  for (const [over, pointer, keyword] of bad)
    test(`does not fit: ${JSON.stringify(over)}`, async () => {
      const { body } = await put(6, household(6, over), 422, '"0"')
      assert.equal(body.code, 'record-invalid')
      assert.ok(body.errors.some((e) => e.pointer.startsWith(pointer) || pointer.startsWith(e.pointer)), `${keyword}: ${JSON.stringify(body.errors)}`)
    })

  test('an ended record is gone from lists, and stays in the history', async () => {
    await put(7, household(7), undefined, '"0"')
    const before = new Date().toISOString()
    await steward.delete(`${HOUSEHOLD}/${key(7)}`, 412, { 'If-Match': '"3"' })
    await steward.delete(`${HOUSEHOLD}/${key(7)}`, 428)
    await steward.delete(`${HOUSEHOLD}/${key(7)}`, 204, { 'If-Match': '"1"' })
    await steward.delete(`${HOUSEHOLD}/${key(7)}`, 404, { 'If-Match': '"2"' })
    assert.ok(!(await steward.all(`${HOUSEHOLD}?purpose=stewardship&where[place]=99999`)).some((r) => r.key === key(7)))
    const past = (await steward.get(`${HOUSEHOLD}/${key(7)}?purpose=stewardship&at=${encodeURIComponent(before)}`)).body
    assert.equal(past.body.number, key(7))
    assert.ok((await steward.get(`${HOUSEHOLD}/${key(7)}?purpose=stewardship`)).body.valid_to)
  })

  test('only the stewards of the owner write; definitions come with a pack', async () => {
    for (const who of [lan, specialist, await town.as('admin')]) await who.put(`${HOUSEHOLD}/${key(8)}`, household(8), 403, { 'If-Match': '"0"' })
    await steward.put(`${REGISTRIES}/service/records/1`, {}, 403, { 'If-Match': '"0"' })
    const elsewhere = town.accounts.find((a) => a.role === 'steward' && a.unit !== 'H29.11')
    if (elsewhere) await (await town.signedIn(elsewhere)).put(`${HOUSEHOLD}/${key(8)}`, household(8), 403, { 'If-Match': '"0"' })
    await town.stranger.put(`${HOUSEHOLD}/${key(8)}`, household(8), 401, { 'If-Match': '"0"' })
  })
})

describe('imports', () => {
  const bring = (rows, type, query = '', headers = {}) => steward.post(`${REGISTRIES}/household/import${query}`, rows, 202, { 'Content-Type': type, ...headers })
  const finished = async (reply) => {
    assert.equal(reply.headers.location, `/api/v1/jobs/${reply.body.id}`)
    const { body } = await eventually(() => steward.get(`/api/v1/jobs/${reply.body.id}`), (r) => ['done', 'failed'].includes(r.body.state), 20_000)
    assert.equal(body.state, 'done', JSON.stringify(body))
    assert.equal(body.progress, 100)
    return body.output
  }
  const there = async (n) => (await steward.get(`${HOUSEHOLD}/${key(n)}?purpose=stewardship`, null)).status === 200
  const csv = (rows) => `number,head,head_name,place,address\n${rows.map((r) => [r.number, r.head, r.head_name, r.place, `"${r.address}"`].join(',')).join('\n')}\n`
  const ndjson = (rows) => rows.map((r) => JSON.stringify(r)).join('\n')
  const counts = ({ rows, new: fresh, changed, same, bad }) => ({ rows, fresh, changed, same, bad })

  test('CSV: a dry run says what would happen and writes nothing; then it happens; then nothing more', async () => {
    const rows = [100, 101, 102].map((n) => household(n, { address: 'Số 5, "Ngõ ""Cũ"""'.replaceAll('""', '') .replaceAll('"', '') }))
    const dry = await finished(await bring(csv(rows), 'text/csv; charset=utf-8', '?dry_run=1'))
    assert.deepEqual(counts(dry), { rows: 3, fresh: 3, changed: 0, same: 0, bad: 0 })
    assert.equal(dry.dry_run, true)
    assert.equal(await there(100), false)
    assert.deepEqual(counts(await finished(await bring(csv(rows), 'text/csv'))), { rows: 3, fresh: 3, changed: 0, same: 0, bad: 0 })
    assert.equal(await there(100), true)
    assert.deepEqual(counts(await finished(await bring(csv(rows), 'text/csv'))), { rows: 3, fresh: 0, changed: 0, same: 3, bad: 0 })
    rows[1].address = 'Số 6'
    assert.deepEqual(counts(await finished(await bring(csv(rows), 'text/csv'))), { rows: 3, fresh: 0, changed: 1, same: 2, bad: 0 })
  })

  test('NDJSON: each bad row is told with its line, the good ones come in', async () => {
    const rows = [household(110), household(111, { place: 'x' }), household(112), { number: 5 }, household(113)]
    const out = await finished(await bring(`${ndjson(rows)}\n{"broken\n`, 'application/x-ndjson'))
    assert.deepEqual(counts(out), { rows: 6, fresh: 3, changed: 0, same: 0, bad: 3 })
    assert.deepEqual([...new Set(out.problems.map((p) => p.line))], [2, 4, 6])
    assert.equal(out.problems[0].pointer, '/place')
    assert.ok(out.problems.every((p) => p.message))
    assert.equal(await there(111), false)
    assert.equal(await there(113), true)
  })

  test('wrong columns are told, and nothing comes in', async () => {
    const out = await finished(await bring('number,colour\nHK-99999-000120,red\n', 'text/csv'))
    assert.ok(out.problems.some((p) => p.pointer === '/colour'))
    assert.equal(await there(120), false)
  })

  test('a repeated key is one job', async () => {
    const send = () => bring(ndjson([household(130)]), 'application/x-ndjson', '', { 'Idempotency-Key': 'import-130' })
    const [a, b] = [await send(), await send()]
    assert.equal(a.body.id, b.body.id)
    await steward.post(`${REGISTRIES}/household/import`, ndjson([household(131)]), 422, { 'Content-Type': 'application/x-ndjson', 'Idempotency-Key': 'import-130' })
  })

  test('wrong types and wrong people', async () => {
    await steward.post(`${REGISTRIES}/household/import`, '[]', 415, { 'Content-Type': 'application/json' })
    await steward.post(`${REGISTRIES}/household/import`, '[]', 415)
    await steward.post(`${REGISTRIES}/nothing/import`, 'a', 404, { 'Content-Type': 'text/csv' })
    await specialist.post(`${REGISTRIES}/household/import`, 'a', 403, { 'Content-Type': 'text/csv' })
  })

  test('a job is its owner’s and the administrator’s', async () => {
    const { body } = await bring(ndjson([household(140)]), 'application/x-ndjson')
    await (await town.as('admin')).get(`/api/v1/jobs/${body.id}`, 200)
    await lan.get(`/api/v1/jobs/${body.id}`, 403)
    const elsewhere = town.accounts.find((a) => a.role === 'steward' && a.unit !== 'H29.11')
    if (elsewhere) await (await town.signedIn(elsewhere)).get(`/api/v1/jobs/${body.id}`, 404)
    await steward.get('/api/v1/jobs/1', 404)
    await steward.get('/api/v1/jobs/abc', 404)
  })
})
