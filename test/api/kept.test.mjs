// What the server keeps of replies it gave: no change is ever hidden by it, no reader gets another's, each look is logged.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { eventually, valueOf } from './harness.mjs'
import { act, file, Town, upload, walk } from './town.mjs'

const town = await Town.open()
const [ward, other] = town.wards
const lan = await town.citizen(0)
const minh = await town.citizen(1)
const at = (role, unit = ward) => town.as(role, unit)
const desk = await at('one-stop')
const specialist = await at('specialist')
const VI = { 'Accept-Language': 'vi' }
const EN = { 'Accept-Language': 'en' }

/** Asked twice, so that the second may come from what is kept: both must say the same. */
async function twice(client, path, headers) {
  const first = await client.get(path, 200, headers)
  const second = await client.get(path, 200, headers)
  assert.deepEqual({ ...second.body, clock: null }, { ...first.body, clock: null })
  assert.equal(second.headers.etag, first.headers.etag)
  return second
}
const view = async (client, code, headers) => (await twice(client, `/api/v1/cases/${code}`, headers)).body
const codes = async (client, query) => (await twice(client, `/api/v1/cases?limit=200&${query}`)).body.items.map((c) => c.code)

describe('a case that was read', () => {
  test('shows every action at once, to each of its readers', async () => {
    const { code } = await file(lan, ward)
    for (const [action, role] of [['receive', 'one-stop'], ['hand-over', 'one-stop'], ['assign', 'specialist'], ['submit-for-signature', 'specialist'], ['approve', 'signatory'], ['deliver', 'one-stop']]) {
      const before = await view(lan, code)
      await view(desk, code)
      const done = await act(await at(role), code, action)
      for (const reader of [lan, desk]) {
        const now = await view(reader, code)
        assert.deepEqual([now.version, now.status, now.step?.id], [done.version, done.status, done.step?.id], `${action}, seen by ${reader.name}`)
      }
      assert.ok(done.version > before.version)
    }
    assert.equal((await view(lan, code)).results.length, 1)
  })

  test('is each reader’s own', async () => {
    const { code } = await file(lan, ward)
    assert.ok((await view(lan, code)).track_pin)
    assert.equal((await view(desk, code)).track_pin, undefined)
    assert.deepEqual((await view(specialist, code)).actions.map((a) => a.id).includes('receive'), false)
    assert.ok((await view(desk, code)).actions.some((a) => a.id === 'receive'))
    for (const stranger of [minh, await at('one-stop', other)]) await stranger.get(`/api/v1/cases/${code}`, 404)
    await town.stranger.get(`/api/v1/cases/${code}`, 401)
  })

  test('comes in each language, with its tag', async () => {
    const { code } = await file(lan, ward)
    const vi = await twice(lan, `/api/v1/cases/${code}`, VI)
    const en = await twice(lan, `/api/v1/cases/${code}`, EN)
    assert.notEqual(vi.body.status_title, en.body.status_title)
    assert.notEqual(vi.headers.etag, en.headers.etag)
    assert.equal((await twice(lan, `/api/v1/cases/${code}`, VI)).body.status_title, vi.body.status_title)
  })

  test('is gone with the session', async () => {
    const { code } = await file(lan, ward)
    const again = await town.signIn(lan.account)
    await view(again, code)
    await again.delete('/api/v1/sessions')
    await again.get(`/api/v1/cases/${code}`, 401)
  })

  test('is logged at every look, also at the second', async () => {
    const { code } = await file(lan, ward)
    for (let i = 0; i < 5; i++) await desk.get(`/api/v1/cases/${code}`)
    const looks = `SELECT count(*) FROM audit WHERE action = 'read' AND key = '${code}' AND about = '${lan.party.number}' AND actor = ${desk.party.id}`
    await eventually(() => valueOf(town.server.data, looks), (n) => n === '5')
  })

  test('follows the record that answers it', async () => {
    const { code } = await file(lan, ward)
    const { entry } = await act(desk, code, 'receive')
    assert.ok(entry, 'the book has the entry')
    assert.equal((await view(desk, code)).entry.title, entry.title)
    const steward = await town.as('steward', 'H29.11')
    const path = `/api/v1/registries/${entry.registry}/records/${encodeURIComponent(entry.key)}`
    const record = await steward.get(`${path}?purpose=stewardship`)
    await steward.patch(`${path}?reason=${encodeURIComponent('cải chính')}`, { full_name: 'Tên Đã Sửa' }, 200, { 'If-Match': record.headers.etag })
    assert.match((await view(desk, code)).entry.title, /Tên Đã Sửa/)
  })
})

describe('a list that was read', () => {
  test('shows a new dossier at once, wherever it belongs', async () => {
    const boxes = [[lan, 'box=mine'], [desk, 'box=inbox'], [desk, 'box=unit'], [specialist, 'box=unit']]
    for (const [reader, box] of boxes) await codes(reader, box)
    const elsewhere = await at('one-stop', other)
    await codes(elsewhere, 'box=inbox')
    const { code } = await file(lan, ward)
    for (const [reader, box] of boxes) assert.ok((await codes(reader, box)).includes(code), `${reader.name} ${box}`)
    assert.ok(!(await codes(elsewhere, 'box=inbox')).includes(code))
    assert.ok(!(await codes(minh, 'box=mine')).includes(code))
  })

  test('shows what is filed for somebody to both', async () => {
    for (const reader of [minh, desk]) await codes(reader, 'box=mine')
    const { code } = await file(desk, ward, { on_behalf_of: minh.party.number })
    for (const reader of [minh, desk]) assert.ok((await codes(reader, 'box=mine')).includes(code), reader.name)
  })

  test('shows what comes with a paper', async () => {
    await codes(desk, 'box=inbox')
    const { code } = await file(lan, ward, { form: { relation: 'authorised', subject_number: minh.party.number }, papers: [{ kind: 'authorisation-letter', document: (await upload(lan)).id }] })
    assert.ok((await codes(desk, 'box=inbox')).includes(code))
    assert.ok((await view(desk, code)).papers.some((p) => p.document))
  })

  test('follows each step from box to box', async () => {
    const { code } = await file(lan, ward)
    assert.ok((await codes(desk, 'box=inbox')).includes(code))
    assert.ok(!(await codes(specialist, 'box=inbox')).includes(code))
    await act(desk, code, 'receive')
    await codes(desk, 'box=inbox')
    await act(desk, code, 'hand-over')
    assert.ok(!(await codes(desk, 'box=inbox')).includes(code))
    assert.ok((await codes(specialist, 'box=inbox')).includes(code))
    const row = (await twice(specialist, '/api/v1/cases?box=inbox&limit=200')).body.items.find((c) => c.code === code)
    assert.equal(row.assignee, null)
    await act(specialist, code, 'assign')
    const mine = (await twice(specialist, '/api/v1/cases?box=inbox&limit=200')).body.items.find((c) => c.code === code)
    assert.equal(mine.assignee, specialist.party.id)
    assert.equal((await twice(lan, '/api/v1/cases?box=mine&limit=200')).body.items.find((c) => c.code === code).version, mine.version)
  })

  test('keeps its questions apart', async () => {
    const { code } = await file(lan, ward)
    assert.ok((await codes(desk, 'box=inbox&status=1')).includes(code))
    assert.ok(!(await codes(desk, 'box=inbox&status=2')).includes(code))
    assert.ok(!(await codes(desk, 'box=inbox&service=1.001193')).includes(code))
    for (const filter of ['late=1', 'silent=1', 'q=khong-co-ai']) assert.ok(!(await codes(desk, `box=inbox&${filter}`)).includes(code), filter)
    assert.equal((await twice(desk, '/api/v1/cases?box=inbox&limit=1')).body.items.length, 1)
    const text = async (headers) => (await twice(desk, '/api/v1/cases?box=inbox&status=1&limit=200', headers)).body.items.find((c) => c.code === code).status_title
    assert.notEqual(await text(VI), await text(EN))
  })

  test('is there when the live event comes', async () => {
    const listener = await desk.listen()
    await codes(desk, 'box=inbox')
    const filing = file(lan, ward)
    await listener.heard((e) => e.type === 'case')
    const seen = await codes(desk, 'box=inbox')
    listener.close()
    assert.ok(seen.includes((await filing).code))
  })
})

test('many filings and reads at once: none is missing from a list asked for after its reply', async () => {
  const readers = [[lan, 'box=mine'], [desk, 'box=inbox&status=1']]
  let over = false
  const noise = readers.map(async ([reader, box]) => {
    while (!over) await reader.get(`/api/v1/cases?limit=200&${box}`)
  })
  await Promise.all(Array.from({ length: 4 }, async () => {
    for (let i = 0; i < 8; i++) {
      const { code } = await file(lan, ward)
      for (const [reader, box] of readers) {
        const { items } = (await reader.get(`/api/v1/cases?limit=200&${box}`)).body
        assert.ok(items.some((c) => c.code === code) || items.length === 200, `${code} is missing from ${box}`)
      }
    }
  }))
  over = true
  await Promise.all(noise)
})

test('a supplement asked for is in the applicant’s view at once', async () => {
  const { code } = await file(lan, ward, { form: { relation: 'authorised', subject_number: minh.party.number }, papers: [{ kind: 'authorisation-letter', document: (await upload(lan)).id }] })
  await act(desk, code, 'receive')
  await view(lan, code)
  await act(desk, code, 'request-supplement', { note: 'thiếu', papers: [{ kind: 'authorisation-letter' }] })
  const asked = await view(lan, code)
  assert.equal(asked.status, 5)
  assert.ok(asked.actions.some((a) => a.id === 'supplement'))
  await act(lan, code, 'supplement', { papers: [{ kind: 'authorisation-letter', document: (await upload(lan)).id }] })
  assert.notEqual((await view(desk, code)).status, 5)
  await walk(town, code, ward, 'hand-over', 'hand-over')
})

test('the reply to a filing is what is read afterwards, in each language', async () => {
  for (const language of [VI, EN])
    for (const [who, rest] of [[lan, {}], [desk, { on_behalf_of: minh.party.number }], [lan, { delivery: 'post' }]]) {
      const filed = await who.post('/api/v1/cases', { service: '2.000635', unit: ward, form: { copies: 2 }, ...rest }, 201, language)
      const read = await who.get(`/api/v1/cases/${filed.body.code}`, 200, language)
      assert.deepEqual(filed.body, read.body)
      assert.equal(filed.headers.etag, read.headers.etag)
      assert.equal(filed.headers.location, `/api/v1/cases/${filed.body.code}`)
    }
})
