// A unit ends and others take over what it did: its officers, inboxes and open dossiers go on there by themselves, while
// codes, promised dates and the log stay as they were.
import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { eventually, motcua, valueOf } from './harness.mjs'
import { act, EXTRACT, file, today, Town, walk } from './town.mjs'

const town = await Town.open()
const [old, other, far] = town.wards
const heirs = [other, far]
const see = async (client, code, want = 200) => (await client.get(`/api/v1/cases/${code}`, want)).body
const list = async (client, query) => (await client.all(`/api/v1/cases?${query}`)).map((c) => c.code)

/** The old ward ended yesterday, say its definition: others took over. */
async function end(successors) {
  const admin = await town.as('admin'), definition = `/api/v1/definitions/unit/${old}`
  const body = (await admin.get(`/api/v1/registries/unit/records/${old}`)).body.body
  await admin.put(`${definition}/draft`, { text: JSON.stringify({ ...body, to: today(-1), successors }) })
  await admin.post(`${definition}/publish`, {})
}

let citizens, officer, at = {}, promised
before(async () => {
  citizens = await Promise.all([0, 1, 2].map((n) => town.citizen(n)))
  officer = await town.as('specialist', old)
  const [a, b, c] = citizens
  at.fresh = (await file(a, old)).code
  at.worked = (await file(b, old)).code
  at.done = (await file(c, old)).code
  at.over = (await file(a, old)).code
  await walk(town, at.worked, old, 'hand-over')
  await act(officer, at.worked, 'assign')
  await walk(town, at.done, old, 'approve')
  await walk(town, at.over, old, 'archive')
  promised = (await see(b, at.worked)).due_at
  await (await town.as('one-stop', other)).get(`/api/v1/cases/${at.fresh}`, 404)
  await end(heirs)
})

test('what somebody still has to do goes on with the successors', async () => {
  for (const [n, code] of [[0, at.fresh], [1, at.worked], [2, at.done]]) {
    const seen = await eventually(() => see(citizens[n], code), (c) => heirs.includes(c.unit.code), 90000)
    assert.equal(seen.code, code)
    const events = await citizens[n].all(`/api/v1/cases/${code}/events`)
    assert.equal(events.at(-1).action, 'taken-over')
    assert.match(events.at(-1).note, / → /)
    assert.ok((await citizens[n].all('/api/v1/notices')).some((x) => x.case === code && x.title.includes('cơ quan mới')))
  }
  const received = (await citizens[1].all(`/api/v1/cases/${at.worked}/events`)).find((e) => e.action === 'receive')
  const name = (await town.stranger.all('/api/v1/units?kind=ward')).find((u) => u.code === old).name
  assert.equal(received.actor.unit, name, 'the log keeps the old name')
  assert.equal((await see(citizens[1], at.worked)).due_at, promised, 'what was promised stays promised')
  assert.equal((await see(citizens[0], at.over)).unit.code, old, 'what is over stays where it was decided')
})

test('to the one where the applicant lives, else to the main one', async () => {
  for (const [n, code] of [[0, at.fresh], [1, at.worked], [2, at.done]]) {
    const { body } = await citizens[n].get(`/api/v1/registries/person/records/${citizens[n].party.number}?purpose=self`)
    const home = heirs.find((u) => u.endsWith(`.${body.body.residence?.commune ?? body.body.place}`))
    assert.equal((await see(citizens[n], code)).unit.code, home ?? other)
  }
})

test('its officers work in the main successor, without signing in again, and finish what they began', async () => {
  const { body } = await officer.get('/api/v1/me')
  assert.deepEqual(body.roles.map((r) => [r.role, r.unit?.code ?? r.unit]), [['specialist', other]])
  const unit = (await see(citizens[1], at.worked)).unit.code
  if (unit === other) {
    assert.equal((await see(officer, at.worked)).assignee?.id, officer.party.id)
    await act(officer, at.worked, 'submit-for-signature')
    await act(await town.as('signatory', other), at.worked, 'approve')
    assert.equal((await see(citizens[1], at.worked)).status, 9)
  }
  const { code } = await file(citizens[0], other)
  assert.ok(code.startsWith(`${other}-`))
  assert.ok((await list(await town.as('one-stop', old), 'box=inbox')).includes(code), 'whoever sat there sees the new inbox')
})

test('inboxes of the successors hold them, and their lists what is over, by its old name', async () => {
  const heir = await town.as('one-stop', other)
  const unit = (await see(citizens[0], at.fresh)).unit.code
  assert.ok((await list(await town.as('one-stop', unit), 'box=inbox')).includes(at.fresh))
  assert.ok(!(await list(heir, 'box=unit&status=10')).includes(at.over))
  assert.ok((await list(heir, `box=unit&unit=${old}&status=10`)).includes(at.over))
  assert.equal((await see(heir, at.over)).code, at.over)
  await see(await town.as('one-stop', town.wards[3]), at.over, 404)
  assert.deepEqual(await list(await town.as('one-stop', town.wards[3]), `box=unit&unit=${old}&status=10`), [])
})

test('a result of the old unit is corrected by its successor, who has it from then on', async () => {
  const head = await town.as('signatory', other), { actions } = await see(head, at.over)
  assert.ok(actions.some((a) => a.id === 'withdraw-result'), actions.map((a) => a.id).join())
  await act(head, at.over, 'withdraw-result', { note: 'Cấp nhầm' })
  assert.equal((await see(citizens[0], at.over)).unit.code, other)
})

test('nothing is filed at a unit that ended', async () => {
  assert.equal((await file(citizens[1], old, { want: 422 })).code, 'unit-not-offering')
  assert.ok(!(await town.stranger.all(`/api/v1/units?service=${EXTRACT}`)).some((u) => u.code === old))
})

test('all of it is sound, and a second look hands over nothing', async () => {
  assert.equal(valueOf(town.server.data, `SELECT count(*) FROM case_event WHERE action = 'taken-over'`), '3')
  assert.match(town.server.logged('unit-taken-over').join(), /roles=[1-9]/)
  await town.server.stop()
  motcua('verify', '--data', town.server.data)
})
