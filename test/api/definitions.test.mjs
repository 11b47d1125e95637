// Definitions in an administrator's hands: a draft is checked line by line, published as a new version that is in force
// at once without a restart, and cases that run keep theirs.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventually, valueOf } from './harness.mjs'
import { act, EXTRACT, file, Town } from './town.mjs'

const town = await Town.open()
const admin = await town.as('admin')
const lan = await town.citizen(0)
const [ward] = town.wards
const SERVICE = `/api/v1/definitions/service/${EXTRACT}`
const before = (await admin.get(SERVICE)).body
const limit = async () => (await town.stranger.get(`/api/v1/services/${EXTRACT}`)).body
const record = async (kind, key) => (await admin.get(`/api/v1/registries/${kind}/records/${key}`)).body.body
const now = await record('service', EXTRACT)
const changed = (change) => {
  const body = structuredClone(now)
  change(body)
  return JSON.stringify(body, null, 2)
}
const renamed = changed((body) => { body.name.vi = 'Cấp bản sao trích lục hộ tịch (thử)' })

test('what is in force comes as text; a draft is only a draft', async () => {
  assert.equal(before.draft, null)
  assert.match(before.text, new RegExp(`^code: "${EXTRACT}"$`, 'm'), 'as packs are written')
  const { body } = await admin.put(`${SERVICE}/draft`, { text: renamed })
  assert.deepEqual([body.draft.text, body.draft.based_on, body.draft.publish_at], [renamed, before.version, null])
  assert.doesNotMatch((await limit()).name, /thử/)
  assert.ok((await admin.get('/api/v1/definition-drafts')).body.items.some(({ key }) => key === EXTRACT))
  await admin.put(`${SERVICE}/draft`, { text: renamed }, 412, { 'If-Match': '"9"' })
})

test('a check tells each problem with its line, as the command does', async () => {
  const problems = async (text) => (await admin.post(`${SERVICE}/check`, { text }, 200)).body.problems
  assert.deepEqual(await problems(renamed), [])
  const lines = changed((body) => { body.flow = 'no-such-flow' }).split('\n')
  const [wrong] = await problems(lines.join('\n'))
  assert.match(lines[wrong.line - 1], /no-such-flow/)
  assert.equal(wrong.pointer, '/flow')
  assert.match((await problems('code: "2.000635"\nname: [1'))[0].rule, /yaml/)
  assert.equal((await problems(changed((body) => { body.code = '2.999999' })))[0].rule, 'key')
  assert.ok((await problems('42')).length > 0)
  await admin.post(`${SERVICE}/check`, { text: 'x'.repeat(400001) }, 422)
})

test('a flow is drawn as the text has it, once it fits its schema', async () => {
  const flow = '/api/v1/definitions/flow/one-stop-direct'
  const { text } = (await admin.get(flow)).body
  const check = async (given) => (await admin.post(`${flow}/check`, { text: given }, 200)).body
  assert.match((await check(text)).drawing, /^<svg/)
  const lost = await check(text.replace(/^steps:$/m, 'steps:\n  lost: {title: {vi: Bước lạc, en: A lost step}, role: specialist, status: 4}'))
  assert.match(lost.drawing, /Bước lạc/)
  assert.ok(lost.problems.some(({ pointer, rule }) => pointer === '/steps/lost' && rule === 'flow-reachable'))
  assert.equal((await check(text.replace(/^steps:$/m, 'no-steps:'))).drawing, null)
  assert.equal((await admin.post(`${SERVICE}/check`, { text: renamed }, 200)).body.drawing, null)
})

test('versions are compared line by line', async () => {
  const { lines } = (await admin.get(`${SERVICE}/diff`)).body
  const of = (mark) => lines.filter((line) => line.mark === mark).map(({ text }) => text.trim())
  assert.equal(of('-').length, 1)
  assert.match(of('+')[0], /\(thử\)/)
  assert.equal(lines.filter(({ mark }) => mark !== '+').map(({ text }) => text).join('\n'), before.text.trimEnd())
})

test('a draft with problems does not come in force', async () => {
  await admin.put(`${SERVICE}/draft`, { text: changed((body) => { body.flow = 'no-such-flow' }) })
  const { body } = await admin.post(`${SERVICE}/publish`, {}, 422)
  assert.equal(body.code, 'pack-invalid')
  assert.match(JSON.stringify(body.problems), /no-such-flow/)
  await admin.put(`${SERVICE}/draft`, { text: renamed })
})

test('a flow may not lose what its services stand on', async () => {
  const flow = '/api/v1/definitions/flow/consultation'
  const body = await record('flow', 'consultation')
  body.name = 'consultation'
  for (const step of Object.values(body.steps)) if (step.role === 'specialist') step.role = 'no-such-role'
  await admin.put(`${flow}/draft`, { text: JSON.stringify(body) })
  assert.ok((await admin.post(`${flow}/publish`, {}, 422)).body.problems.length > 0)
  await admin.delete(`${flow}/draft`)
  assert.equal((await admin.get(flow)).body.draft, null)
})

test('published, it is in force at once; running cases keep their version', async () => {
  const running = await file(lan, ward)
  const { body } = await admin.post(`${SERVICE}/publish`, {})
  assert.deepEqual([body.version, body.draft], [before.version + 1, null])
  assert.match((await limit()).name, /thử/)
  const later = await file(lan, ward)
  const desk = await town.as('one-stop', ward)
  for (const [{ code }, name] of [[running, /sinh$/], [later, /thử/]]) {
    assert.match((await act(desk, code, 'receive')).service.name, name)
    assert.match((await desk.get(`/api/v1/cases/${code}`)).body.service.name, name)
  }
  const versions = (await town.stranger.get(`/api/v1/registries/service/records/${EXTRACT}/history`)).body.items
  assert.deepEqual(versions.slice(0, 2).map(({ version }) => version), [before.version + 1, before.version])
  const { lines } = (await admin.get(`${SERVICE}/diff?from=${before.version}&to=${before.version + 1}`)).body
  assert.equal(lines.filter(({ mark }) => mark === '+').length, 1)
  await eventually(() => Number(valueOf(town.server.data, `SELECT count(*) FROM audit WHERE action = 'publish' AND what = 'service' AND key = '${EXTRACT}'`)), (n) => n === 1)
})

test('published while hundreds run and more are filed: each goes on by the version it began with, none is lost', async () => {
  const named = (name) => changed((body) => { body.name.vi = name })
  await admin.put(`${SERVICE}/draft`, { text: named('Trước') })
  await admin.post(`${SERVICE}/publish`, {})
  const desk = await town.as('one-stop', ward)
  const filed = []
  let done = false
  const filing = Array.from({ length: 8 }, async () => {
    while (!done || filed.length < 300) filed.push((await file(lan, ward)).code)
  })
  await eventually(() => filed.length, (n) => n > 100)
  await admin.put(`${SERVICE}/draft`, { text: named('Sau') })
  const { version } = (await admin.post(`${SERVICE}/publish`, {})).body
  const since = filed.length
  done = true
  await Promise.all(filing)
  const names = new Map()
  for (const code of filed) {
    const { service, status } = await act(desk, code, 'receive')
    assert.equal(status, 2)
    names.set(service.name, (names.get(service.name) ?? 0) + 1)
  }
  assert.deepEqual([...names.keys()].sort(), ['Sau', 'Trước'])
  assert.ok(names.get('Trước') >= 100 && names.get('Trước') <= since + 8, `${names.get('Trước')} of ${since}`)
  const kept = valueOf(town.server.data, `SELECT count(*) FROM case_file WHERE service = '${EXTRACT}' AND service_version = ${version}`)
  assert.equal(Number(kept), names.get('Sau'))
})

test('two administrators: who began from an older version is told', async () => {
  const other = changed((body) => { body.name.vi = 'Bản của người khác' })
  await admin.put(`${SERVICE}/draft`, { text: other })
  await admin.post(`${SERVICE}/publish`, {})
  await admin.post(`${SERVICE}/publish`, {}, 404) // the draft is gone with it
  assert.equal((await limit()).name, 'Bản của người khác')
})

test('on a day to come it waits; a day gone is refused', async () => {
  await admin.put(`${SERVICE}/draft`, { text: renamed })
  await admin.post(`${SERVICE}/publish`, { from: '2020-01-01' }, 422)
  const { body } = await admin.post(`${SERVICE}/publish`, { from: '2099-01-01' })
  assert.equal(Date.parse(body.draft.publish_at), Date.parse('2099-01-01T00:00:00+07:00'))
  assert.equal((await limit()).name, 'Bản của người khác')
  assert.equal((await admin.put(`${SERVICE}/draft`, { text: renamed })).body.draft.publish_at, null, 'whoever saves it anew says anew when')
})

test('nobody else comes near', async () => {
  for (const who of [lan, await town.as('steward', 'H29.11'), await town.as('unit-head', ward)]) {
    await who.get(SERVICE, 403)
    await who.put(`${SERVICE}/draft`, { text: renamed }, 403)
    await who.post(`${SERVICE}/publish`, {}, 403)
  }
  await town.stranger.get(SERVICE, 401)
  await admin.get('/api/v1/definitions/nothing/x', 404)
  await admin.get('/api/v1/definitions/service/nothing', 404)
})
