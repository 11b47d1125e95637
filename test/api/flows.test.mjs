// What flows can do beyond the plain way: other units are asked and answer, money is waited for, a case goes back, is
// stopped and reopened; and how its dates came about.
import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { act, BROKER, file, Town, upload, walk } from './town.mjs'

const town = await Town.open()
const [ward] = town.wards
const lan = await town.citizen(0)
const minh = await town.citizen(1)
const site = (await town.stranger.all(`/api/v1/units?service=${BROKER}`))[0].code
const justice = 'H29.11'
const at = (role, unit = site) => town.as(role, unit)
const see = async (client, code) => (await client.get(`/api/v1/cases/${code}`)).body
const ids = async (client, code) => (await see(client, code)).actions.map((a) => a.id).sort()

async function appraising() {
  const form = { certificate: { number: 'CC-77' }, reason: 'lost' }
  const { code } = await file(lan, site, { service: BROKER, form, papers: [{ kind: 'portrait', document: (await upload(lan)).id }] })
  await act(await at('one-stop'), code, 'receive')
  await act(await at('one-stop'), code, 'hand-over')
  return code
}

describe('other units', () => {
  let code, parent, child
  before(async () => {
    code = await appraising()
  })

  test('are named by the officer who asks', async () => {
    const specialist = await at('specialist')
    assert.deepEqual((await see(specialist, code)).actions.find((a) => a.id === 'consult').needs.sort(), ['note', 'units'])
    assert.deepEqual((await act(specialist, code, 'consult', {}, 422)).errors.map((e) => e.pointer).sort(), ['/note', '/units'])
    assert.equal((await act(specialist, code, 'consult', { note: 'Xin ý kiến', units: ['H29.99999'] }, 422)).code, 'unit-not-offering')
    assert.equal((await see(specialist, code)).step.id, 'appraisal', 'nothing was asked of anybody')
    parent = await act(specialist, code, 'consult', { note: 'Đề nghị cho biết ý kiến', units: [justice, ward] })
    assert.equal(parent.step.id, 'consulting')
    assert.equal(parent.children.length, 2)
    assert.deepEqual(parent.asked.map((a) => a.unit.code), [justice, ward])
    for (const asked of parent.asked) {
      assert.equal(asked.answered_at, null)
      assert.ok(Date.parse(asked.due_at) <= Date.parse(parent.step.due_at), 'their time lies within that of the step')
      assert.ok(Date.parse(parent.step.due_at) <= Date.parse(parent.due_at), 'and that within what was promised')
    }
    ;[child] = parent.children
  })

  test('see what they are asked about, and nobody else does', async () => {
    const asked = await see(await at('specialist', justice), child)
    assert.equal(asked.parent, code)
    assert.equal(asked.form.question, 'Đề nghị cho biết ý kiến')
    assert.equal(asked.status, 4)
    assert.equal((await see(await at('specialist', justice), code)).code, code, 'the dossier it is about')
    assert.equal((await see(await at('specialist'), child)).code, child, 'who asked may read the answer')
    const elsewhere = await at('specialist', town.wards[1])
    for (const one of [code, child]) await elsewhere.get(`/api/v1/cases/${one}`, 404)
    for (const one of [code, child]) await minh.get(`/api/v1/cases/${one}`, 404)
    assert.deepEqual(await ids(await at('specialist', justice), code), [], 'they read; they do not act')
    assert.ok((await (await at('specialist', justice)).all('/api/v1/cases?box=inbox')).some((c) => c.code === child && c.parent === code))
    assert.ok(!(await lan.all('/api/v1/cases')).some((c) => c.code === child), 'no dossier of the citizen’s own')
  })

  test('answer, and the case goes on when all have', async () => {
    await act(await at('specialist', justice), child, 'answer', {}, 422)
    const answered = await act(await at('specialist', justice), child, 'answer', { note: 'Không có ý kiến khác' })
    assert.equal(answered.status, 9)
    let now = await see(lan, code)
    assert.equal(now.step.id, 'consulting', 'one is still to come')
    assert.equal(now.asked[0].answer, 'Không có ý kiến khác')
    assert.equal(now.asked[0].status, 9)
    await act(await at('specialist', ward), parent.children[1], 'answer', { note: 'Đồng ý' })
    now = await see(await at('specialist'), code)
    assert.equal(now.step.id, 'appraisal')
    const events = await lan.all(`/api/v1/cases/${code}/events`)
    assert.deepEqual(events.slice(-4).map((e) => e.action), ['consult', 'answered', 'answered', 'asked'])
    assert.equal(events.at(-1).actor.name, 'Hệ thống')
  })

  test('are asked no more when the case ends', async () => {
    const other = await appraising()
    const { children } = await act(await at('specialist'), other, 'consult', { note: 'Xin ý kiến', units: [justice] })
    await act(lan, other, 'withdraw')
    const recalled = await see(await at('specialist', justice), children[0])
    assert.equal(recalled.status, 8)
    assert.equal(recalled.step, null)
  })

  test('may be gone on without, with a note', async () => {
    const other = await appraising()
    await act(await at('specialist'), other, 'consult', { note: 'Xin ý kiến', units: [justice] })
    await act(await at('specialist'), other, 'go-on', {}, 422)
    assert.equal((await act(await at('specialist'), other, 'go-on', { note: 'Không chờ nữa' })).step.id, 'appraisal')
  })
})

describe('a payment', () => {
  test('stops the clock until it is made', async () => {
    const code = await appraising()
    const before = await see(lan, code)
    const owes = before.fee.amount > 0
    if (!owes) await act(await at('specialist'), code, 'request-payment', { note: 'Nộp lệ phí' }, 422)
    const asked = await act(await at('specialist'), code, 'request-payment', { note: 'Nộp lệ phí', amount: 200000 })
    assert.equal(asked.status, 6)
    assert.equal(asked.clock.paused, true)
    assert.deepEqual(asked.fee, { amount: 200000, state: 'due' })
    const offered = (await see(lan, code)).actions.find((a) => a.id === 'pay')
    assert.deepEqual(offered.needs, ['note'], 'the number of the transfer')
    const said = await act(lan, code, 'pay', { note: 'FT26330000001' })
    assert.equal(said.status, 4)
    assert.equal(said.step.id, 'appraisal')
    assert.equal(said.fee.state, 'declared')
    assert.equal((await act(await at('cashier'), code, 'pay')).fee.state, 'paid')
  })
})

describe('back', () => {
  test('to an earlier step that the officer chooses', async () => {
    const code = await appraising()
    await act(await at('specialist'), code, 'submit-for-check')
    await act(await at('unit-head'), code, 'submit-for-signature')
    const offered = (await see(await at('signatory'), code)).actions.find((a) => a.id === 'return-to-step')
    assert.deepEqual(offered.options.step.map((s) => s.id), ['appraisal', 'checking'])
    await act(await at('signatory'), code, 'return-to-step', { note: 'Xem lại', step: 'intake' }, 422)
    assert.equal((await act(await at('signatory'), code, 'return-to-step', { note: 'Xem lại', step: 'checking' })).step.id, 'checking')
  })

  test('from a stop, recorded, with a new date', async () => {
    const code = await appraising()
    await act(await at('signatory'), code, 'stop', { note: 'Có tranh chấp' })
    assert.deepEqual(await ids(await at('specialist'), code), [])
    await act(await at('signatory'), code, 'reopen', {}, 422)
    const again = await act(await at('signatory'), code, 'reopen', { note: 'Đã giải quyết tranh chấp' })
    assert.equal(again.status, 4)
    assert.equal(again.finished_at, null)
    assert.deepEqual(again.counts.map((c) => c.why), ['receive', 'reopen'])
    for (const count of again.counts) {
      assert.equal(count.rule, 'nd-118-2025')
      assert.ok(count.calendar >= 1)
      assert.ok(count.due_at)
    }
  })
})

describe('many at once', () => {
  test('are given to somebody else, each with its own outcome', async () => {
    const codes = [await appraising(), await appraising()]
    const head = await at('unit-head')
    const chosen = (await see(head, codes[0])).actions.find((a) => a.id === 'assign').options.assignee.at(-1)
    const { items } = (await head.post('/api/v1/case-actions/assign', { cases: [...codes, `${site}-990101-0001`], assignee: chosen.id }, 200)).body
    assert.deepEqual(items.map((i) => i.done), [true, true, false])
    assert.equal(items[2].problem.code, 'not-found')
    for (const code of codes) assert.equal((await see(head, code)).assignee.id, chosen.id)
    const refused = (await (await at('cashier')).post('/api/v1/case-actions/assign', { cases: codes, assignee: chosen.id }, 200)).body.items
    assert.deepEqual(refused.map((i) => i.problem.code), ['action-not-allowed', 'action-not-allowed'])
    await head.post('/api/v1/case-actions/assign', { cases: [7] }, 422)
    await head.post('/api/v1/case-actions/assign', {}, 422)
  })
})

describe('a flow', () => {
  test('is drawn, in both languages, with the present step marked', async () => {
    for (const [language, word] of [['vi', 'hồ sơ đang ở đây'], ['en', 'the case is here']]) {
      const reply = await town.stranger.with({ 'Accept-Language': language }).get(`/api/v1/services/${BROKER}/flow.svg?step=signing`)
      assert.match(reply.headers['content-type'], /^image\/svg\+xml/)
      const svg = reply.text
      assert.ok(svg.includes(word))
      assert.equal(svg.match(/class="now /g).length, 1)
      assert.ok(svg.trim().endsWith('</svg>'))
    }
    await town.stranger.get('/api/v1/services/9.999999/flow.svg', 404)
  })
})

describe('a case that nobody moves', () => {
  test('is in no list of silent ones while its time runs', async () => {
    const code = await appraising()
    assert.ok(!(await (await at('specialist')).all('/api/v1/cases?box=unit&silent=true')).some((c) => c.code === code))
    assert.equal((await see(lan, code)).silent, false)
  })
})
