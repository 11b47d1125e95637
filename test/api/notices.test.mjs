// Being told: notices that stay until they are read, and live events the moment something happens.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { act, file, Town } from './town.mjs'

const town = await Town.open()
const [ward, other] = town.wards
const lan = await town.citizen(0)
const minh = await town.citizen(1)
const desk = await town.as('one-stop', ward)
const about = (code, version) => (e) => e.type === 'case' && e.data.code === code && (version === undefined || e.data.version === version)

test('everyone concerned hears of a step at once, nobody else does', async () => {
  const [citizen, officer, elsewhere, somebody] = await Promise.all([lan.listen(), desk.listen(), (await town.as('one-stop', other)).listen(), minh.listen()])
  const { code } = await file(lan, ward)
  await officer.heard(about(code, 1))
  await citizen.heard(about(code, 1))
  await act(desk, code, 'receive')
  const { data } = await citizen.heard(about(code, 2))
  assert.deepEqual(data, { code, version: 2, status: 2 })
  await officer.heard(about(code, 2))
  const notice = await citizen.heard((e) => e.type === 'notice')
  assert.match(notice.data.id, /^\d+$/)
  assert.ok(notice.data.title)

  // Something of theirs, later on the same feeds: whatever was to come of the first would be here by now.
  const { code: theirs } = await file(minh, other)
  await Promise.all([elsewhere.heard(about(theirs)), somebody.heard(about(theirs))])
  for (const listener of [elsewhere, somebody]) assert.ok(!listener.events.some(about(code)), JSON.stringify(listener.events))
  assert.ok(!citizen.events.some(about(theirs)))
  for (const listener of [citizen, officer, elsewhere, somebody]) listener.close()
})

test('what the event tells is there to be read already', async () => {
  const listener = await lan.listen()
  for (let i = 0; i < 5; i++) {
    const filing = file(lan, ward)
    const { data } = await listener.heard((e) => e.type === 'case' && e.data.version === 1 && !seen.has(e.data.code))
    seen.add(data.code)
    await lan.get(`/api/v1/cases/${data.code}`, 200)
    await filing
  }
  listener.close()
})
const seen = new Set()

test('many may listen at once, also twice the same person', async () => {
  const listeners = await Promise.all(Array.from({ length: 20 }, () => lan.listen()))
  const { code } = await file(lan, ward)
  await Promise.all(listeners.map((l) => l.heard(about(code))))
  listeners.forEach((l) => l.close())
})

test('notices: unread, read one, read all', async () => {
  await minh.post('/api/v1/notices/read-all', undefined, 204)
  assert.deepEqual(await minh.all('/api/v1/notices?unread=true'), [])
  const { code } = await file(minh, ward)
  await act(desk, code, 'receive')
  await act(desk, code, 'request-supplement', { note: 'Thiếu giấy' })
  const unread = await minh.all('/api/v1/notices?unread=true')
  assert.ok(unread.length >= 2, JSON.stringify(unread))
  assert.ok(unread.every((n) => n.case === code && !n.read))
  assert.deepEqual(await minh.all('/api/v1/notices?unread=true', 1), unread, 'page by page the same')
  assert.ok(unread[0].id > unread[1].id || unread[0].id.length > unread[1].id.length, 'newest first')
  await lan.post(`/api/v1/notices/${unread[0].id}/read`, undefined, null) // not theirs: nothing changes
  assert.equal((await minh.all('/api/v1/notices?unread=true')).length, unread.length)
  await minh.post(`/api/v1/notices/${unread[0].id}/read`, undefined, 204)
  assert.equal((await minh.all('/api/v1/notices?unread=true')).length, unread.length - 1)
  await minh.post('/api/v1/notices/read-all', undefined, 204)
  assert.ok((await minh.all('/api/v1/notices')).every((n) => n.read))
  await minh.post('/api/v1/notices/abc/read', undefined, 404)
})

test('notices in both languages', async () => {
  const { code } = await file(minh, ward)
  await act(desk, code, 'receive')
  const first = async (lang) => (await minh.get('/api/v1/notices?limit=1', 200, { 'Accept-Language': lang })).body.items[0]
  const [vi, en] = [await first('vi'), await first('en')]
  assert.equal(vi.id, en.id)
  assert.equal(vi.case, code)
  assert.notEqual(vi.title, en.title)
})

test('a stranger hears nothing', async () => {
  await town.stranger.get('/api/v1/events', 401)
})
