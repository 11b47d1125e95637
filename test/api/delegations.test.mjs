// While an officer is away: roles of theirs lent to a colleague of the unit, for a time, and no further.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { act, file, today, Town, walk } from './town.mjs'

const town = await Town.open()
const [ward, elsewhere] = town.wards
const citizen = await town.citizen(0)
const lan = await town.as('specialist', ward, 0)
const minh = await town.as('specialist', ward, 1)
const clerk = await town.as('clerk', ward)
const head = await town.as('unit-head', ward)
const stranger = await town.as('specialist', elsewhere)
const lend = async (who, body, want = 201) => (await who.post('/api/v1/delegations', { unit: ward, to: today(3), ...body }, want)).body
const end = async (who, { id }, want = 200) => (await who.post(`/api/v1/delegations/${id}/actions/end`, '', want)).body
const seen = async (who) => who.all('/api/v1/delegations')
const notices = async (who) => (await who.all('/api/v1/notices')).map((n) => n.title)

async function assigned() {
  const { code } = await file(citizen, ward)
  await walk(town, code, ward, 'hand-over')
  await act(lan, code, 'assign')
  return code
}

test('one may name the officers of one’s own units', async () => {
  const [here, ...more] = await lan.all('/api/v1/delegation-choices')
  assert.equal(here.unit.code, ward)
  assert.equal(here.head, false)
  assert.equal(more.length, 0)
  const self = here.officers.find((o) => o.id === lan.party.id)
  assert.deepEqual(self.roles.map((r) => r.id), ['specialist'])
  assert.ok(here.officers.some((o) => o.id === clerk.party.id))
  assert.ok(!here.officers.some((o) => o.id === stranger.party.id))
  assert.equal((await head.all('/api/v1/delegation-choices'))[0].head, true)
})

describe('a colleague with the same role', () => {
  let code, given
  test('has the work of the one who is away in the inbox, and does it for them', async () => {
    code = await assigned()
    const inbox = async () => (await minh.all(`/api/v1/cases?box=inbox&unit=${ward}`)).map((c) => c.code)
    assert.ok(!(await inbox()).includes(code))
    ;[given] = (await lend(lan, { agent: minh.party.id, reason: 'Nghỉ phép' })).items
    assert.deepEqual([given.role.id, given.state, given.side, given.may_end], ['specialist', 'active', 'given', true])
    const now = await inbox()
    assert.equal(now.filter((c) => c === code).length, 1)
    assert.equal(new Set(now).size, now.length, 'each once')
    assert.ok((await notices(minh)).includes('Ủy nhiệm khi vắng mặt'))
    await act(minh, code, 'submit-for-signature', { entry: (await minh.all(`/api/v1/cases/${code}/entries`))[0]?.key })
    const last = (await minh.all(`/api/v1/cases/${code}/events`)).at(-1)
    assert.deepEqual([last.action, last.actor.name, last.actor.on_behalf_of], ['submit-for-signature', minh.party.name, lan.party.name])
  })

  test('does their own work as themselves', async () => {
    const { code: own } = await file(citizen, ward)
    await walk(town, own, ward, 'hand-over')
    await act(minh, own, 'assign')
    assert.equal((await minh.all(`/api/v1/cases/${own}/events`)).at(-1).actor.on_behalf_of, null)
  })

  test('stands in for one time only, until either ends it', async () => {
    assert.equal((await lend(lan, { agent: clerk.party.id }, 409)).code, 'conflict')
    await end(stranger, given, 404)
    const [over] = (await end(minh, given)).items
    assert.equal(over.state, 'ended')
    await end(lan, given, 409)
    assert.ok((await notices(lan)).includes('Ủy nhiệm đã chấm dứt'))
  })
})

describe('a colleague of another role', () => {
  test('may do what the one who is away may, and no more once it is over', async () => {
    const code = await assigned()
    await act(clerk, code, 'assign', {}, 409)
    const [given] = (await lend(lan, { agent: clerk.party.id, roles: ['specialist'] })).items
    assert.ok((await clerk.get('/api/v1/me')).body.roles.some((r) => r.role === 'specialist'))
    assert.ok((await clerk.all(`/api/v1/cases?box=inbox`)).some((c) => c.code === code))
    await act(clerk, code, 'consult', { note: 'Xin ý kiến' })
    assert.equal((await lan.all(`/api/v1/cases/${code}/events`)).at(-1).actor.on_behalf_of, lan.party.name)
    assert.deepEqual((await lend(clerk, { agent: minh.party.id, roles: ['specialist'] }, 422)).errors.map((e) => e.keyword), ['lend'], 'what was lent is not lent on')
    await end(lan, given)
    await act(head, code, 'answer', { note: 'Đồng ý' })
    await act(clerk, code, 'assign', {}, 409)
  })

  test('not before its time', async () => {
    const [given] = (await lend(lan, { agent: clerk.party.id, from: today(1) })).items
    assert.equal(given.state, 'later')
    assert.ok(!(await clerk.get('/api/v1/me')).body.roles.some((r) => r.role === 'specialist'))
    await end(lan, given)
  })
})

describe('heads', () => {
  test('name substitutes for their officers, and see all of the unit', async () => {
    await lend(minh, { lender: lan.party.id, agent: clerk.party.id }, 403)
    const [given] = (await lend(head, { lender: lan.party.id, agent: minh.party.id, from: today(1) })).items
    assert.equal((await seen(head)).find((d) => d.id === given.id).side, 'unit')
    assert.equal((await seen(lan)).find((d) => d.id === given.id).side, 'given')
    assert.ok(!(await seen(stranger)).some((d) => d.id === given.id))
    await end(head, given)
  })

  test('borrowed, do not make one a head for naming others', async () => {
    const [given] = (await lend(head, { agent: minh.party.id })).items
    await lend(minh, { lender: lan.party.id, agent: clerk.party.id }, 403)
    await end(head, given)
  })
})

describe('what does not hold together', () => {
  const refused = async (body, pointer, keyword) =>
    assert.deepEqual((await lend(lan, body, 422)).errors.map((e) => [e.pointer, e.keyword]), [[pointer, keyword]])

  test('is refused with what is wrong', async () => {
    const agent = minh.party.id
    await refused({ agent: stranger.party.id }, '/agent', 'standing')
    await refused({ agent: citizen.party.id }, '/agent', 'standing')
    await refused({ agent: lan.party.id }, '/agent', 'standing')
    await refused({ agent, roles: ['signatory'] }, '/roles', 'lend')
    await refused({ agent, roles: ['admin'] }, '/roles', 'lend')
    await refused({ agent, roles: [7] }, '/roles', 'lend')
    await refused({ agent, unit: elsewhere }, '/roles', 'lend')
    await refused({ agent, unit: 'H29.999' }, '/unit', 'absent')
    await refused({ agent, to: today(-1) }, '/to', 'formatMinimum')
    await refused({ agent, to: today(500) }, '/to', 'formatMinimum')
    await citizen.get('/api/v1/delegations', 403)
  })
})
