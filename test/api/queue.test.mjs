// The line before the counter: numbers without gaps, first come first called, one desk each.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { valueOf } from './harness.mjs'
import { Town } from './town.mjs'

const town = await Town.open()
const [ward, other] = town.wards
const path = (unit) => `/api/v1/units/${unit}/queue`
const desk = await town.as('one-stop', ward)
const lan = await town.citizen(0)
const minh = await town.citizen(1)
const line = async (who = town.stranger) => (await who.get(path(ward))).body
const take = async (who, want = 201) => (await who.post(`${path(ward)}/tickets`, undefined, want)).body
const call = async (who, body = { desk: '1' }, want = 200) => (await who.post(`${path(ward)}/next`, body, want)).body

test('an empty line calls nobody', async () => {
  assert.deepEqual(await line(), { unit: (await line()).unit, waiting: 0, calls: [], own: null })
  assert.equal((await call(desk, { desk: '1' }, 404)).code, 'not-found')
})

test('who is signed in takes one number and keeps it; at the counter each gets one', async () => {
  const first = await take(lan)
  assert.deepEqual([first.number, first.ahead], [1, 0])
  assert.deepEqual([(await take(desk)).number, (await take(desk)).number], [2, 3])
  assert.deepEqual(await take(lan), first, 'the same again')
  const mine = await take(minh)
  assert.deepEqual([mine.number, mine.ahead], [4, 3])
  assert.equal((await line()).waiting, 4)
  assert.equal((await line()).own, null, 'a stranger has none')
  assert.deepEqual((await line(minh)).own, mine)
  await take(town.stranger, 401)
  await take(await town.as('one-stop', other), 403)
})

test('first come, first called, and the desk learns who comes', async () => {
  const called = await call(desk, { desk: 'Quầy 3' })
  assert.deepEqual([called.number, called.person, called.waiting], [1, { name: lan.party.name, number: lan.party.number }, 3])
  assert.deepEqual((await line()).calls.map(({ number, desk: where }) => [number, where]), [[1, 'Quầy 3']])
  assert.equal((await line(lan)).own, null)
  assert.equal((await call(desk, { desk: '2' })).person, null, 'nobody signed in')
  assert.equal((await line(minh)).own.ahead, 1)
  assert.equal((await take(lan)).number, 5, 'who was called may come again')
  const seen = (await lan.all('/api/v1/vault/access-log')).find((row) => row.what === 'queue')
  assert.ok(seen, 'and reads it in the access log')
})

test('only the officers of that counter call, and say where', async () => {
  await call(lan, { desk: '1' }, 403)
  await call(await town.as('one-stop', other), { desk: '1' }, 403)
  await call(town.stranger, { desk: '1' }, 401)
  for (const body of [{}, { desk: '' }, { desk: 'x'.repeat(21) }, { desk: 1 }, { desk: '1', number: 3 }]) await call(desk, body, 422)
  await town.stranger.get(path('H29.9.99999'), 404)
  await town.stranger.get(path('H29.9.718'), 404) // ended
})

test('many at once: no number twice, nobody called twice', async () => {
  const taken = await Promise.all(Array.from({ length: 24 }, () => take(desk)))
  assert.equal(new Set(taken.map((t) => t.number)).size, 24)
  const { waiting } = await line()
  const calls = await Promise.all(Array.from({ length: waiting + 3 }, (_, i) => desk.post(`${path(ward)}/next`, { desk: String(i % 4) }, null)))
  const numbers = calls.filter((r) => r.status === 200).map((r) => r.body.number)
  assert.equal(numbers.length, waiting)
  assert.equal(new Set(numbers).size, waiting)
  assert.equal((await line()).waiting, 0)
  assert.equal((await line()).calls.length, 5)
  assert.equal(valueOf(town.server.data, 'SELECT max(number) - count(*) FROM queue_ticket'), '0')
})
