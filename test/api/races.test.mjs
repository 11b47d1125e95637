// Two at once, twice the same, too late: who wins, and what is told to who lost.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { act, BIRTH, birthForm, file, Town, upload, walk } from './town.mjs'

const town = await Town.open()
const [ward, other] = town.wards
const lan = await town.citizen(0)
const minh = await town.citizen(1)
const [one, two] = [await town.as('one-stop', ward, 0), await town.as('one-stop', ward, 1)]
const signatory = await town.as('signatory', ward)
const events = async (code, action) => (await lan.all(`/api/v1/cases/${code}/events`)).filter((e) => e.action === action).length

const orders = {
  'one, then two': async (a, b) => [await a(), await b()],
  'two, then one': async (a, b) => [await b(), await a()],
  'both at once': (a, b) => Promise.all([a(), b()]),
  'both at once, the other first': (a, b) => Promise.all([b(), a()]),
}
for (const [name, order] of Object.entries(orders)) {
  test(`two officers receive one case: ${name}`, async () => {
    for (let i = 0; i < 4; i++) {
      const { code } = await file(lan, ward)
      const receive = (who) => () => who.post(`/api/v1/cases/${code}/actions/receive`, {}, null, { 'If-Match': '"1"' })
      const replies = await order(receive(one), receive(two))
      const won = replies.filter((r) => r.status === 200), lost = replies.filter((r) => r.status !== 200)

      assert.equal(won.length, 1, replies.map((r) => r.status).join())
      assert.ok([409, 412].includes(lost[0].status))
      assert.equal(await events(code, 'receive'), 1)
      assert.equal((await lan.get(`/api/v1/cases/${code}`)).body.version, 2)
    }
  })

  test(`withdrawn and approved at the same moment: ${name}`, async () => {
    const { code } = await file(lan, ward)
    await walk(town, code, ward, 'submit-for-signature')
    const replies = await order(
      () => lan.post(`/api/v1/cases/${code}/actions/withdraw`, {}, null),
      () => signatory.post(`/api/v1/cases/${code}/actions/approve`, {}, null),
    )
    const { body } = await lan.get(`/api/v1/cases/${code}`)

    assert.deepEqual(replies.map((r) => r.status).filter((s) => s === 200).length, 1)
    assert.equal((await events(code, 'withdraw')) + (await events(code, 'approve')), 1)
    assert.ok([7, 9].includes(body.status))
    assert.equal(body.results.length, body.status === 9 ? 1 : 0)
    assert.equal((await lan.get('/api/v1/vault')).body.documents.filter((d) => d.case === code).length, body.results.length)
  })
}

test('one birth approved by many hands is written once', async () => {
  const name = 'Lê Chỉ Một Lần'
  const { code } = await file(lan, ward, { service: BIRTH, form: { ...birthForm(name), relation: 'relative' }, papers: [{ kind: 'birth-notice', document: (await upload(lan)).id }] })
  await walk(town, code, ward, 'submit-for-signature')
  const replies = await Promise.all(Array.from({ length: 6 }, () => signatory.post(`/api/v1/cases/${code}/actions/approve`, {}, null)))
  const specialist = await town.as('specialist', ward)
  assert.equal(replies.filter((r) => r.status === 200).length, 1, replies.map((r) => r.status).join())
  assert.equal((await specialist.all(`/api/v1/registries/birth/records?purpose=case&q=${encodeURIComponent(name)}`)).length, 1)
})

test('a stale version is told what changed', async () => {
  const { code } = await file(lan, ward)
  await act(one, code, 'receive', {}, 200, { 'If-Match': '"1"' })
  const { body } = await one.post(`/api/v1/cases/${code}/actions/hand-over`, {}, 412, { 'If-Match': '"1"' })

  assert.equal(body.code, 'stale-version')
  assert.equal(body.version, 2)
  assert.equal(body.status, 412)
  await act(one, code, 'hand-over', {}, 200, { 'If-Match': '"2"' })
})

const tags = [
  // [If-Match, status, why]
  ['*', 200, 'whatever it is'],
  ['"1"', 200, 'the version seen'],
  ['W/"1"', 200, 'weakened by a proxy'],
  ['"7", "1"', 412, 'the greatest counts'],
  ['"0"', 412, 'another version'],
  ['"one"', 412, 'no version at all'],
  ['1', 400, 'no entity tag'],
]
for (const [tag, status, why] of tags)
  test(`If-Match: ${tag} → ${status}, ${why}`, async () => {
    const { code } = await file(lan, ward)
    await act(one, code, 'receive', {}, status, { 'If-Match': tag })
  })

test('the ETag of a case is its version', async () => {
  const { code } = await file(lan, ward)
  const before = (await lan.get(`/api/v1/cases/${code}`)).headers.etag
  await act(one, code, 'receive', {}, 200, { 'If-Match': before })
  assert.notEqual((await lan.get(`/api/v1/cases/${code}`)).headers.etag, before)
})

const submission = (over = {}) => ({ service: '2.000635', unit: ward, form: { copies: 2 }, ...over })
const submit = (who, key, body = submission(), want = null) => who.post('/api/v1/cases', body, want, { 'Idempotency-Key': key })

test('the same request twice: the same answer, one case', async () => {
  const before = (await lan.all('/api/v1/cases')).length
  const first = await submit(lan, 'lan-1'), again = await submit(lan, 'lan-1')

  assert.deepEqual([first.status, again.status], [201, 201])
  assert.deepEqual(again.body, first.body)
  assert.equal(again.headers.location, first.headers.location)
  assert.equal((await lan.all('/api/v1/cases')).length, before + 1)
})

test('the same key for something else is refused', async () => {
  await submit(lan, 'lan-2')
  const { status, body } = await submit(lan, 'lan-2', submission({ form: { copies: 3 } }))
  assert.equal(status, 422)
  assert.equal(body.code, 'idempotency-reused')
})

test('a key is its sender’s own', async () => {
  const mine = await submit(lan, 'shared'), theirs = await submit(minh, 'shared')
  assert.equal(theirs.status, 201)
  assert.notEqual(theirs.body.code, mine.body.code)
})

test('twenty at once under one key: one case', async () => {
  const replies = await Promise.all(Array.from({ length: 20 }, () => submit(lan, 'lan-20', submission({ unit: other }))))
  assert.deepEqual([...new Set(replies.map((r) => r.status))], [201])
  assert.equal(new Set(replies.map((r) => r.body.code)).size, 1)
})

test('a request that failed does not hold its key', async () => {
  assert.equal((await submit(lan, 'lan-3', submission({ form: { copies: 0 } }))).status, 422)
  assert.equal((await submit(lan, 'lan-3')).status, 201)
})

for (const key of ['', ' ', 'x'.repeat(129), 'có dấu cách'])
  test(`no key: ${JSON.stringify(key.slice(0, 12))}`, async () => {
    const { body } = await submit(lan, encodeURIComponent(key) === key || key.length < 2 || key.length > 100 ? key : 'two words', submission(), 400)
    assert.equal(body.code, 'idempotency-key')
  })

test('forty citizens file at one desk at once: numbers without gaps or doubles', async () => {
  const unit = town.wards[5]
  const filed = await Promise.all(Array.from({ length: 40 }, async (_, i) => file(i % 2 ? lan : minh, unit)))
  const numbers = filed.map((c) => Number(c.code.split('-').at(-1))).sort((a, b) => a - b)
  assert.deepEqual(numbers, Array.from({ length: 40 }, (_, i) => i + 1))
})
