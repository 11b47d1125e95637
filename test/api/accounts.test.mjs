// Accounts: passwords, second factors, locks, and what an administrator does. The demo's own accounts are exempt from
// ageing; those an administrator makes are not.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Client } from './harness.mjs'
import { totp } from './totp.mjs'
import { Town } from './town.mjs'

const town = await Town.open()
const admin = await town.as('admin')
const [ward] = town.wards

const signIn = ({ user, password, otp }, want = 201) => town.stranger.post('/api/v1/sessions', { user, password, otp }, want)
const bearer = ({ body }, name) => new Client(town.server, { Authorization: `Bearer ${body.token}` }, name)
let made = 0
async function newcomer(role = 'specialist') {
  const user = `moi.${++made}`
  const { body } = await admin.post('/api/v1/accounts', { user, name: 'Trần Thị Mới', roles: [{ role, unit: ward }] }, 201)
  return { user, password: body.password, account: body }
}
/** Signed in, with a password of their own. */
async function settled(role) {
  const x = await newcomer(role)
  const client = bearer(await signIn(x), x.user)
  x.first = x.password
  x.password = `Sen-hong.${made}A`
  await client.put('/api/v1/me/password', { password: x.first, new_password: x.password }, 204)
  return { ...x, client }
}
const duties = async (client) => (await client.get('/api/v1/me')).body.duties

test('a first password opens nothing but its own change', async () => {
  const x = await newcomer()
  assert.deepEqual(x.account.duties, ['change-password'])
  const client = bearer(await signIn(x), x.user)
  const me = (await client.get('/api/v1/me')).body
  assert.deepEqual(me.duties, ['change-password'])
  assert.equal(me.idle_minutes, 15)
  assert.deepEqual(me.roles, [])
  assert.deepEqual(me.rights, ['signed-in'])
  await client.get('/api/v1/cases?box=inbox', 403)

  await client.put('/api/v1/me/password', { password: x.password, new_password: 'Sen-hong.1' }, 204)
  assert.deepEqual(await duties(client), [], 'the same session goes on')
  await client.get('/api/v1/cases?box=inbox', 200)
  await signIn(x, 401)
})

const weak = [
  // [new password, keywords]
  ['aB3-x', ['minLength']],
  ['chỉ có chữ thường', ['password-classes']],
  ['12345678', ['password-classes']],
]
test('a weak password is refused with what it lacks', async () => {
  const x = await newcomer()
  const client = bearer(await signIn(x), x.user)
  for (const [new_password, keywords] of weak) {
    const { body } = await client.put('/api/v1/me/password', { password: x.password, new_password }, 422)
    assert.equal(body.code, 'password-weak')
    assert.deepEqual(body.errors.map((e) => e.keyword), keywords, new_password)
  }
  const named = await client.put('/api/v1/me/password', { password: x.password, new_password: `Aa-${x.user}-77` }, 422)
  assert.deepEqual(named.body.errors.map((e) => e.keyword), ['password-user'])
  assert.equal((await client.put('/api/v1/me/password', { password: x.password, new_password: x.password }, 422)).body.code, 'password-used')
  assert.equal((await client.put('/api/v1/me/password', { password: 'sai', new_password: 'Sen-hong.1' }, 403)).body.code, 'password-wrong')
})

test('another password ends the other sessions', async () => {
  const x = await settled()
  const other = bearer(await signIn(x), x.user)
  await other.get('/api/v1/me', 200)
  await x.client.put('/api/v1/me/password', { password: x.password, new_password: 'Sen-trang.22' }, 204)
  await other.get('/api/v1/me', 401)
  await x.client.get('/api/v1/me', 200)
})

test('an administrator has a second factor and fresh passwords before anything else', async () => {
  const x = await newcomer('admin')
  const client = bearer(await signIn(x), x.user)
  assert.deepEqual(await duties(client), ['change-password', 'enrol-otp'])
  await client.put('/api/v1/me/password', { password: x.password, new_password: 'Sen-hong.1' }, 204)
  assert.deepEqual(await duties(client), ['enrol-otp'])
  await client.get('/api/v1/accounts', 403)
  const { body } = await client.post('/api/v1/me/otp', { password: 'Sen-hong.1' }, 200)
  await client.post('/api/v1/me/otp/confirm', { otp: totp(body.secret) }, 200)
  assert.deepEqual(await duties(client), [])
  await client.get('/api/v1/accounts', 200)
  assert.equal((await client.post('/api/v1/me/otp/remove', { password: 'Sen-hong.1' }, 409)).body.code, 'otp-compulsory')
  // An old password does not come back.
  for (const [password, new_password] of [['Sen-hong.1', 'Sen-hong.2'], ['Sen-hong.2', 'Sen-hong.3']])
    await client.put('/api/v1/me/password', { password, new_password }, 204)
  assert.equal((await client.put('/api/v1/me/password', { password: 'Sen-hong.3', new_password: 'Sen-hong.1' }, 422)).body.code, 'password-used')
})

test('the second factor: enrolled, asked for, used once', async () => {
  const x = await settled()
  const { body: begun } = await x.client.post('/api/v1/me/otp', { password: x.password }, 200)
  assert.match(begun.uri, new RegExp(`^otpauth://totp/motcua:${x.user.replace('.', '\\.')}\\?secret=${begun.secret}&`))
  assert.ok(begun.qr.path.length > 500)
  await signIn({ user: x.user, password: x.password }) // unconfirmed, it asks nothing
  assert.equal((await x.client.post('/api/v1/me/otp/confirm', { otp: 'khong' }, 422)).body.errors[0].pointer, '/otp')
  const now = Date.now()
  const { body: codes } = await x.client.post('/api/v1/me/otp/confirm', { otp: totp(begun.secret, now) }, 200)
  assert.equal(new Set(codes.recovery_codes).size, 10)
  await x.client.post('/api/v1/me/otp', { password: x.password }, 409)

  assert.equal((await signIn({ user: x.user, password: x.password }, 401)).body.code, 'otp-required')
  assert.equal((await signIn({ user: x.user, password: x.password, otp: totp(begun.secret, now) }, 401)).body.code, 'otp-failed', 'the code that confirmed it')
  const next = totp(begun.secret, now + 30000)
  await signIn({ user: x.user, password: x.password, otp: next })
  assert.equal((await signIn({ user: x.user, password: x.password, otp: next }, 401)).body.code, 'otp-failed', 'a replay')
  assert.equal((await signIn({ user: x.user, password: 'sai', otp: next }, 401)).body.code, 'login-failed', 'the password comes first')

  const [one, two] = codes.recovery_codes
  const client = bearer(await signIn({ user: x.user, password: x.password, otp: one.toLowerCase() }), x.user)
  assert.equal((await signIn({ user: x.user, password: x.password, otp: one }, 401)).body.code, 'otp-failed')
  assert.equal((await client.get('/api/v1/me/account')).body.otp.recovery_left, 9)
  await admin.post(`/api/v1/accounts/${x.user}/actions/unlock`, { reason: 'thử' }, 200)

  await admin.post(`/api/v1/accounts/${x.user}/actions/reset-otp`, { reason: 'mất điện thoại' }, 200)
  await client.get('/api/v1/me', 401)
  await signIn({ user: x.user, password: x.password })
  await signIn({ user: x.user, password: x.password, otp: two }) // nobody asks: nobody minds
})

test('a citizen gives the second factor up again', async () => {
  const client = await town.citizen(11), { user, password } = client.account
  const { body } = await client.post('/api/v1/me/otp', { password }, 200)
  await client.post('/api/v1/me/otp/confirm', { otp: totp(body.secret) }, 200)
  assert.equal((await signIn({ user, password }, 401)).body.code, 'otp-required')
  await client.post('/api/v1/me/otp/remove', { password: 'sai' }, 403)
  await client.post('/api/v1/me/otp/remove', { password }, 204)
  await signIn({ user, password })
})

test('five wrong codes lock as five wrong passwords do', async () => {
  const x = await settled()
  const { body } = await x.client.post('/api/v1/me/otp', { password: x.password }, 200)
  await x.client.post('/api/v1/me/otp/confirm', { otp: totp(body.secret) }, 200)
  for (let i = 0; i < 5; i++) assert.equal((await signIn({ user: x.user, password: x.password, otp: '999999' }, 401)).body.code, 'otp-failed')
  assert.equal((await admin.get(`/api/v1/accounts/${x.user}`)).body.state, 'locked')
})

test('five wrong tries lock an officer until an administrator unlocks', async () => {
  const x = await settled()
  for (let i = 0; i < 5; i++) await signIn({ user: x.user, password: 'sai' }, 401)
  await signIn({ user: x.user, password: x.password }, 429)
  const { body } = await admin.get(`/api/v1/accounts/${x.user}`)
  assert.equal(body.state, 'locked')
  assert.ok(Date.parse(body.locked_until) > Date.now() + 11.9 * 3600_000)
  assert.ok((await admin.all('/api/v1/accounts?state=locked')).some((a) => a.user === x.user))
  await admin.post(`/api/v1/accounts/${x.user}/actions/unlock`, { reason: 'gõ nhầm' }, 200)
  await signIn({ user: x.user, password: x.password })
})

test('a disabled account is out at once, and told nothing', async () => {
  const x = await settled()
  const { body } = await admin.post(`/api/v1/accounts/${x.user}/actions/disable`, { reason: 'nghỉ việc' }, 200)
  assert.equal(body.state, 'disabled')
  assert.equal(body.why, 'nghỉ việc')
  await x.client.get('/api/v1/me', 401)
  assert.equal((await signIn({ user: x.user, password: x.password }, 401)).body.code, 'login-failed')
  await admin.post(`/api/v1/accounts/${x.user}/actions/enable`, { reason: 'đi làm lại' }, 200)
  await signIn({ user: x.user, password: x.password })
})

test('roles are given as a whole, and count at once', async () => {
  const x = await settled()
  assert.equal((await admin.put(`/api/v1/accounts/${x.user}/roles`, { roles: [{ role: 'steward' }] }, 422)).body.errors[0].pointer, '/roles/0/unit')
  await admin.put(`/api/v1/accounts/${x.user}/roles`, { roles: [{ role: 'clerk', unit: ward }, { role: 'cashier', unit: ward }] }, 200)
  const me = (await x.client.get('/api/v1/me')).body
  assert.deepEqual(me.roles.map((r) => [r.role, r.unit.code]), [['cashier', ward], ['clerk', ward]])
})

test('nobody is their own administrator', async () => {
  const { user } = admin.account
  for (const action of ['disable', 'unlock', 'reset-otp', 'review'])
    assert.equal((await admin.post(`/api/v1/accounts/${user}/actions/${action}`, { reason: 'thử' }, 409)).body.code, 'own-account')
  await admin.put(`/api/v1/accounts/${user}/roles`, { roles: [] }, 409)
})

test('the list: by name, role and unit, by the page; what is due for review', async () => {
  const x = await settled()
  const all = await admin.all('/api/v1/accounts', 50)
  assert.deepEqual(all.map((a) => a.user), all.map((a) => a.user).toSorted())
  assert.ok(all.every((a) => a.roles.every((r) => r.role !== 'citizen')))
  const heads = await admin.all(`/api/v1/accounts?role=unit-head&unit=${ward}`)
  assert.ok(heads.length > 0 && heads.every((a) => a.roles.some((r) => r.role === 'unit-head' && r.unit.code === ward)))
  assert.ok((await admin.all('/api/v1/accounts?q=tran+thi+moi')).some((a) => a.user === x.user))
  assert.ok((await admin.all('/api/v1/accounts?review=true')).some((a) => a.user === x.user))
  await admin.post(`/api/v1/accounts/${x.user}/actions/review`, { reason: 'rà soát quý' }, 200)
  assert.ok(!(await admin.all('/api/v1/accounts?review=true')).some((a) => a.user === x.user))
})

test('a user name is taken once and looks like one', async () => {
  const x = await newcomer()
  assert.equal((await admin.post('/api/v1/accounts', { user: x.user, name: 'Người Khác', roles: [] }, 409)).body.code, 'user-taken')
  await admin.post('/api/v1/accounts', { user: 'Có Dấu', name: 'Người Khác', roles: [] }, 422)
})

test('a repeated key makes one account, and its password is not shown again', async () => {
  const user = `${(await newcomer()).user}-2`, body = { user, name: 'Trần Thị Lặp', roles: [] }, key = { 'Idempotency-Key': user }
  const first = await admin.post('/api/v1/accounts', body, 201, key), again = await admin.post('/api/v1/accounts', body, 201, key)
  assert.ok(first.body.password)
  assert.deepEqual(again.body, { ...first.body, password: null })
  assert.equal((await admin.post('/api/v1/accounts', { ...body, name: 'Khác' }, 422, key)).body.code, 'idempotency-reused')
})

test('a reset password is changed at the next sign-in', async () => {
  const x = await settled()
  await admin.post(`/api/v1/accounts/${x.user}/actions/reset-password`, { reason: 'quên' }, 200)
  const again = (await admin.post(`/api/v1/accounts/${x.user}/actions/reset-password`, { reason: 'quên nữa' }, 200)).body
  assert.deepEqual(await duties(bearer(await signIn({ user: x.user, password: again.password }), x.user)), ['change-password'])
})
