// Signing in and out, and what a cookie may do.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Client } from './harness.mjs'
import { Town } from './town.mjs'

const town = await Town.open()
const citizens = town.accounts.filter((a) => a.role === 'citizen')
const { user, password } = citizens[0]

const withCookie = (reply, headers) =>
  new Client(town.server, { Cookie: reply.headers['set-cookie'][0].split(';')[0], ...headers }, 'cookie')
const here = `http://127.0.0.1:${town.server.port}`

test('a session tells who one is', async () => {
  const reply = await town.stranger.post('/api/v1/sessions', { user, password }, 201)
  const { token, expires_at, party } = reply.body
  const me = (await new Client(town.server, { Authorization: `Bearer ${token}` }).get('/api/v1/me')).body

  assert.ok(Date.parse(expires_at) > Date.now())
  assert.match(expires_at, /\+07:00$/)
  assert.equal(party.kind, 'citizen')
  assert.match(party.number, /^\d{12}$/)
  assert.deepEqual(me.party, party)
  assert.equal(me.user, user)
  assert.equal(me.demo, true)
  assert.deepEqual(me.roles.map((r) => r.role), ['citizen'])
  assert.deepEqual([...me.rights].sort(), ['authorise', 'case-act', 'case-read', 'case-submit', 'document-read', 'document-write', 'signed-in', 'vault'])
})

test('an officer has roles at a unit', async () => {
  const ward = town.wards[0]
  const me = (await (await town.as('one-stop', ward)).get('/api/v1/me')).body

  assert.equal(me.party.kind, 'officer')
  assert.ok(me.roles.some((r) => r.role === 'one-stop' && r.unit.code === ward))
})

test('the cookie is for the browser alone', async () => {
  const reply = await town.stranger.post('/api/v1/sessions', { user, password }, 201)
  const [cookie, marker] = reply.headers['set-cookie']

  assert.match(cookie, /^motcua_session=[0-9a-f]{64};/)
  for (const word of ['HttpOnly', 'SameSite=Lax', 'Path=/']) assert.match(cookie, new RegExp(`; ?${word}(;|$)`, 'i'))
  assert.equal((await withCookie(reply).get('/api/v1/me')).body.user, user)
  assert.match(marker, /^motcua_signed_in=1; Path=\/; SameSite=Lax; Max-Age=\d+$/, 'what the page may read holds no secret')
})

const origins = [
  // [headers of a write with a cookie, status, why]
  [{ Origin: here }, 204, 'our own page'],
  [{ Referer: `${here}/ho-so` }, 204, 'our own page, by its address'],
  [{ 'Sec-Fetch-Site': 'same-origin' }, 204, 'the browser says so'],
  [{ Origin: 'https://evil.example' }, 403, 'another site'],
  [{ Origin: `${here}.evil.example` }, 403, 'a name that begins like ours'],
  [{ Origin: 'null' }, 403, 'a sandboxed page'],
  [{ Origin: 'https://evil.example', Referer: here }, 403, 'the origin counts before the referer'],
  [{ 'Sec-Fetch-Site': 'cross-site' }, 403, 'the browser says not'],
  [{}, 403, 'nothing said'],
]
for (const [headers, status, why] of origins)
  test(`a write with a cookie: ${why} → ${status}`, async () => {
    const reply = await town.stranger.post('/api/v1/sessions', { user, password }, 201)
    const { body } = await withCookie(reply).post('/api/v1/notices/read-all', undefined, status, headers)

    if (status === 403) assert.equal(body.code, 'origin')
  })

test('a token needs no origin', async () => {
  const lan = await town.citizen()
  await lan.post('/api/v1/notices/read-all', undefined, 204, { Origin: 'https://evil.example' })
})

test('after signing out neither token nor cookie opens anything', async () => {
  const reply = await town.stranger.post('/api/v1/sessions', { user, password }, 201)
  const lan = new Client(town.server, { Authorization: `Bearer ${reply.body.token}` })
  const out = await lan.delete('/api/v1/sessions', 204)

  assert.match(out.headers['set-cookie'][0], /^motcua_session=;.*Max-Age=0/i)
  assert.match(out.headers['set-cookie'][1], /^motcua_signed_in=;.*Max-Age=0/i)
  assert.equal((await lan.get('/api/v1/me', 401)).body.code, 'unauthenticated')
  assert.equal((await withCookie(reply).get('/api/v1/me', 401)).body.code, 'unauthenticated')
  await withCookie(reply).get('/api/v1/services', 200) // an old cookie does not shut out of what is public
  await lan.get('/api/v1/services', 401) // a program should hear that its token is over
})

test('an unknown name and a wrong password are answered alike', async () => {
  const absent = (await town.stranger.post('/api/v1/sessions', { user: 'khong-co-ai', password: 'x' }, 401)).body
  const wrong = (await town.stranger.post('/api/v1/sessions', { user: citizens[1].user, password: 'x' }, 401)).body

  assert.equal(wrong.code, 'login-failed')
  assert.deepEqual({ ...absent, instance: '' }, { ...wrong, instance: '' })
})

test('guessing one account is slowed down, and does not shut out others', async () => {
  const victim = citizens.at(-1).user
  const guesses = []
  for (let i = 0; i < 7; i++) guesses.push(await town.stranger.post('/api/v1/sessions', { user: victim, password: `doan ${i}` }, null))
  const last = guesses.at(-1)

  assert.deepEqual(guesses.map((g) => g.status), [401, 401, 401, 401, 401, 429, 429])
  assert.equal(last.body.code, 'login-throttled')
  assert.ok(last.body.retry_after > 0)
  await town.stranger.post('/api/v1/sessions', { user: victim, password: citizens.at(-1).password }, 429) // the right one too
  await town.stranger.post('/api/v1/sessions', { user, password }, 201)
})

test('what a sign-in must carry', async () => {
  const none = (await town.stranger.post('/api/v1/sessions', {}, 422)).body
  assert.deepEqual(none.errors.map((e) => e.pointer).sort(), ['/password', '/user'])
  await town.stranger.post('/api/v1/sessions', { user, password: 'x'.repeat(10_000) }, 422)
  await town.stranger.post('/api/v1/sessions', { user, password, admin: true }, 422)
})
