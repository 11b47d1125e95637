// Authorisations: who may act in whose name, for what, and how it ends.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventually } from './harness.mjs'
import { act, EXTRACT, file, MARITAL, today, Town, upload, walk } from './town.mjs'

const town = await Town.open()
const [ward] = town.wards
const [lan, minh, mai] = [await town.citizen(0), await town.citizen(2), await town.citizen(4)]
const onestop = await town.as('one-stop', ward)

const give = async (from, agent, over = {}, want = 201) => (await from.post('/api/v1/authorisations', { agent: agent.party.number, ...over }, want)).body
const accept = async (agent, { id }, want = 200) => (await agent.post(`/api/v1/authorisations/${id}/actions/accept`, undefined, want)).body
const end = async (side, { id }, want = 200) => (await side.post(`/api/v1/authorisations/${id}/actions/end`, undefined, want)).body
const fileFor = (agent, principal, over) => file(agent, ward, { on_behalf_of: principal.party?.number ?? principal, ...over })

/** An organisation asks for a copy of somebody's extract: nobody's data is its own, so the form is written out. */
const fileForOrg = (agent, org, over) => fileFor(agent, org.number, {
  form: { copies: 2, relation: 'self', subject_number: lan.party.number, applicant: { number: lan.party.number, full_name: lan.party.name } }, ...over,
})

/** A tax code with a right check digit, so that every test has an organisation of its own. */
let serial = 0
function taxCode() {
  for (;;) {
    const nine = String(310000000 + serial++)
    const sum = [31, 29, 23, 19, 17, 13, 7, 5, 3].reduce((n, w, i) => n + w * Number(nine[i]), 0)
    if (10 - (sum % 11) !== 10 && 10 - (sum % 11) >= 0) return nine + (10 - (sum % 11))
  }
}
async function organisation(representative, number = taxCode(), want = 201, headers) {
  return (await onestop.post('/api/v1/organisations', { number, name: 'Công ty TNHH Sen Hồng', representative: representative.party.number }, want, headers)).body
}

test('nothing is in force before the agent accepts', async () => {
  assert.equal((await fileFor(minh, lan, { want: 403 })).code, 'not-authorised')
  const given = await give(lan, minh)
  assert.equal(given.state, 'offered')
  await fileFor(minh, lan, { want: 403 })
  await accept(lan, given, 403)
  await accept(mai, given, 404)
  assert.equal((await accept(minh, given)).state, 'active')
  await accept(minh, given, 409)
  const filed = await fileFor(minh, lan)
  assert.equal(filed.applicant.number, lan.party.number)
  assert.equal(filed.submitter.number, minh.party.number)
  assert.deepEqual(filed.filing, { as: 'agent', authorisation: given.id })
  await end(lan, given)
})

test('the owner is told who filed, and the agent is in the access log', async () => {
  const given = await give(lan, minh)
  await accept(minh, given)
  const { code } = await fileFor(minh, lan)
  const notice = (await lan.all('/api/v1/notices')).find((n) => n.case === code)
  assert.match(notice.text, new RegExp(minh.party.name))
  await minh.get(`/api/v1/cases/${code}`)
  await eventually(() => lan.all('/api/v1/vault/access-log'), (rows) => rows.some((r) => r.case === code && r.who?.name === minh.party.name))
  await end(minh, given)
})

test('rights end with the authorisation, whoever ends it', async () => {
  for (const side of [lan, minh]) {
    const given = await give(lan, minh)
    await accept(minh, given)
    const { code } = await fileFor(minh, lan)
    assert.ok((await minh.all(`/api/v1/cases?box=mine&on_behalf_of=${lan.party.number}`)).some((c) => c.code === code))
    assert.equal((await end(side, given)).state, 'ended')
    const told = async (who) => (await who.all('/api/v1/notices')).map((n) => n.title)
    assert.ok((await told(minh)).includes('Đề nghị ủy quyền'), 'the agent hears of the offer')
    assert.ok((await told(lan)).includes('Ủy quyền có hiệu lực'), 'the principal that it was accepted')
    assert.ok((await told(side === lan ? minh : lan)).includes('Ủy quyền đã chấm dứt'), 'the other side that it is over')
    await minh.get(`/api/v1/cases/${code}`, 404)
    await act(minh, code, 'withdraw', { note: 'thôi' }, 404)
    await minh.get(`/api/v1/cases?box=mine&on_behalf_of=${lan.party.number}`, 403)
    assert.ok(!(await minh.all('/api/v1/cases?box=mine')).some((c) => c.code === code))
    await lan.get(`/api/v1/cases/${code}`, 200)
    await end(lan, given, 409)
  }
})

test('one service, one field, everything', async () => {
  const { body: service } = await town.stranger.get(`/api/v1/services/${EXTRACT}`)
  const rows = [
    [{ service: EXTRACT }, 201],
    [{ service: MARITAL }, 403],
    [{ field: service.field }, 201],
    [{ field: 'Hàng hải' }, 403],
    [{}, 201],
  ]
  for (const [scope, want] of rows) {
    const given = await give(lan, minh, scope)
    await accept(minh, given)
    await fileFor(minh, lan, { want })
    await end(minh, given)
  }
  await give(lan, minh, { service: EXTRACT, field: service.field }, 422)
})

test('a day from which, a day until which', async () => {
  const later = await give(lan, minh, { from: today(1), to: today(9) })
  assert.equal((await accept(minh, later)).state, 'later')
  await fileFor(minh, lan, { want: 403 })
  await end(lan, later)
  await give(lan, minh, { to: today(-1) }, 422)
  await give(lan, minh, { from: today(3), to: today(2) }, 422)
  const open = await give(lan, minh)
  assert.ok(Date.parse(open.until) - Date.parse(open.from) < 367 * 86400_000, 'a year when nothing is said')
  await end(lan, open)
})

test('an agent sees and acts for the owner, in what the owner filed too', async () => {
  const given = await give(lan, minh)
  await accept(minh, given)
  const { code } = await file(lan, ward)
  const seen = (await minh.get(`/api/v1/cases/${code}`)).body
  assert.ok(seen.actions.some((a) => a.id === 'withdraw'))
  await act(minh, code, 'withdraw', { note: 'theo ủy quyền' })
  assert.equal((await lan.get(`/api/v1/cases/${code}`)).body.status, 7)
  await end(lan, given)
})

test('a party is not its own agent; a stranger to it neither sees nor ends it', async () => {
  await give(lan, lan, {}, 422)
  const given = await give(lan, minh)
  await end(mai, given, 404)
  assert.ok(!(await mai.all('/api/v1/authorisations')).some((x) => x.id === given.id))
  for (const [side, mine] of [[lan, false], [minh, true]])
    assert.equal((await side.all('/api/v1/authorisations')).find((x) => x.id === given.id).mine, mine)
  await end(lan, given)
})

test('a repeated key is one authorisation, one organisation', async () => {
  const key = { 'Idempotency-Key': 'once' }, mine = async () => (await lan.all('/api/v1/authorisations')).length
  const before = await mine(), send = (want = 201, over = {}) => lan.post('/api/v1/authorisations', { agent: minh.party.number, ...over }, want, key)
  const [first, again] = [await send(), await send()]
  assert.deepEqual(again.body, first.body)
  assert.equal(await mine(), before + 1)
  assert.equal((await send(422, { service: EXTRACT })).body.code, 'idempotency-reused')
  await end(lan, first.body)

  const number = taxCode(), org = await organisation(lan, number, 201, key)
  assert.deepEqual(await organisation(lan, number, 201, key), org)
})

test('an organisation acts through its legal representative and whom they authorise', async () => {
  const org = await organisation(lan)
  await minh.get(`/api/v1/vault?on_behalf_of=${org.number}`, 403)
  await give(minh, mai, { principal: org.number }, 403)
  const filed = await fileForOrg(lan, org)
  assert.equal(filed.applicant.kind, 'organisation')
  assert.equal(filed.applicant.number, org.number)

  const given = await give(lan, minh, { principal: org.number })
  assert.equal(given.principal.name, org.name)
  await accept(minh, given)
  const other = await fileForOrg(minh, org)
  assert.ok((await lan.all(`/api/v1/cases?box=mine&on_behalf_of=${org.number}`)).some((c) => c.code === other.code), 'the representative sees what the agent filed')
  assert.ok((await lan.all('/api/v1/authorisations')).some((x) => x.id === given.id))
  await end(lan, given)
  await minh.get(`/api/v1/cases/${other.code}`, 404)
})

test('a new legal representative takes the place of the former', async () => {
  const org = await organisation(lan)
  const { code } = await fileForOrg(lan, org)
  const legal = (await lan.all('/api/v1/authorisations')).find((x) => x.legal && x.principal.number === org.number && x.state === 'active')
  await end(lan, legal, 403)
  await organisation(minh, org.number)
  await lan.get(`/api/v1/cases/${code}`, 404)
  await minh.get(`/api/v1/cases/${code}`, 200)
  await onestop.post('/api/v1/organisations', { number: '0123456789', name: 'Sai số', representative: lan.party.number }, 422)
})

test('the vault of an organisation is open to who may do everything for it', async () => {
  const org = await organisation(lan)
  const paper = await upload(lan)
  const filed = await fileForOrg(lan, org)
  await walk(town, filed.code, ward, 'approve')
  const { body: vault } = await lan.get(`/api/v1/vault?on_behalf_of=${org.number}`)
  const [result] = vault.documents
  assert.equal(result.case, filed.code)
  assert.ok(!(await lan.get('/api/v1/vault')).body.documents.some((d) => d.id === result.id))
  const [scoped, full] = [await give(lan, minh, { principal: org.number, service: MARITAL }), await give(lan, mai, { principal: org.number })]
  await accept(minh, scoped)
  await accept(mai, full)
  await minh.get(`/api/v1/vault?on_behalf_of=${org.number}`, 403)
  await minh.get(`/api/v1/documents/${result.id}`, 404)
  await mai.get(`/api/v1/documents/${result.id}/content`, 200)
  await mai.get(`/api/v1/documents/${paper.id}`, 404)
})

test('a helper files for a neighbour: recorded as such, and the neighbour is told', async () => {
  const helper = await town.as('helper')
  const filed = await fileFor(helper, mai)
  assert.deepEqual(filed.filing, { as: 'helper', authorisation: null })
  const notice = (await mai.all('/api/v1/notices')).find((n) => n.case === filed.code)
  assert.match(notice.text, new RegExp(helper.party.name))
  const counter = await file(onestop, ward, { on_behalf_of: mai.party.number, channel: 'counter' })
  assert.deepEqual(counter.filing, { as: 'officer', authorisation: null })
  assert.deepEqual((await file(mai, ward)).filing, { as: 'owner', authorisation: null })
})
