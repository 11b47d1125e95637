// Results by post, and what is handed over to another system when that system is slow, down, lies or forgets.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { Carrier, sign } from '../carrier.mjs'
import { accounts, Client, copyCity, defer, demoCity, folder, Server, valueOf } from './harness.mjs'
import { act, EXTRACT, file, Town, walk } from './town.mjs'

const SECRET = 'a secret of the tests', CUSTOMER = 'H29-TEST'
const carrier = await Carrier.start({ secret: SECRET, customer: CUSTOMER })
defer(() => carrier.stop())
const env = { MOTCUA_POST_URL: carrier.url, MOTCUA_POST_CUSTOMER: CUSTOMER, MOTCUA_POST_SECRET: SECRET }
const town = await Town.open({ options: { env } })
carrier.callback = `http://127.0.0.1:${town.server.port}/api/v1/post/events`
const [ward, other] = town.wards
const desk = await town.as('one-stop', ward)
const lan = await town.citizen(0)
const RECEIVER = { name: 'Nguyễn Thị Lan', phone: '0909 000 111', address: '12 Lê Lợi' }

/** A case of lan's whose paper waits for the post. */
async function ready() {
  const { code } = await file(lan, ward, { delivery: 'post' })
  await walk(town, code, ward, 'approve')
  return code
}
const path = (code) => `/api/v1/cases/${code}/shipment`
const view = async (code, who = desk) => (await who.get(path(code))).body
const send = async (code, over = {}, want = 201, headers = {}) => (await desk.post(path(code), { ...RECEIVER, ...over }, want, headers)).body
const handovers = async (code, who = desk) => (await who.get(`/api/v1/cases/${code}/hand-overs`)).body.items
const retry = async (id, want = 200) => (await desk.post(`/api/v1/hand-overs/${id}/actions/retry`, {}, want)).body
const parcels = () => [...carrier.orders.values()].length

/** Looks again until it is so. */
async function until(look, fits, what) {
  for (const end = Date.now() + 90_000; ;) {
    const seen = await look()
    if (fits(seen)) return seen
    assert.ok(Date.now() < end, `${what} never came: ${JSON.stringify(seen)}`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}
const failed = (code, tries = 1) => until(async () => (await handovers(code))[0], (x) => x.state === 'failed' && x.tries >= tries, 'a failed try')
const ordered = (code) => until(() => view(code), ({ shipment }) => shipment?.state === 'ordered', 'the order')

test('a result goes by post: ordered, followed, delivered, and the case ends by itself', async () => {
  const code = await ready()
  const before = await view(code)
  assert.deepEqual([before.may_send, before.carrier, before.shipment], [true, true, null])
  assert.equal(before.receiver.name, lan.party.name, 'the receiver is proposed')
  await send(code)
  const { shipment } = await ordered(code)
  const order = carrier.orders.get(shipment.id)
  assert.equal(order.ItemCode, shipment.number)
  assert.deepEqual([order.CustomerCode, order.ReceiverName, order.ReceiverTel, order.ReceiverAddress], [CUSTOMER, RECEIVER.name, RECEIVER.phone, RECEIVER.address])
  assert.match(order.Description, new RegExp(code))
  const [told] = await handovers(code)
  assert.deepEqual([told.state, told.reference, told.next_at, told.problem], ['sent', shipment.number, null, null])
  assert.deepEqual((await carrier.tell(shipment.id, 'picked-up', 'in-transit')).map((r) => r.body.applied), [true, true])
  const seen = await view(code, lan)
  assert.deepEqual([seen.shipment.state, seen.shipment.number, seen.may_send, seen.record], ['in-transit', shipment.number, false, []])
  assert.ok((await lan.all('/api/v1/notices')).some((n) => n.case === code && n.text.includes(shipment.number)), 'and she was told the number')
  await carrier.tell(shipment.id, 'delivered')
  const ended = (await lan.get(`/api/v1/cases/${code}`)).body
  assert.equal(ended.status, 10)
  const last = (await lan.all(`/api/v1/cases/${code}/events`)).at(-1)
  assert.deepEqual([last.action, last.actor.name], ['deliver', 'Hệ thống'])
  assert.match(last.note, new RegExp(`${shipment.number}.*${RECEIVER.name}`))
})

test('what is still to be paid is collected at the door', async () => {
  const code = await ready()
  const fee = (await desk.get(`/api/v1/cases/${code}`)).body.fee
  assert.deepEqual([fee.state, fee.amount > 0], ['due', true])
  await send(code)
  const { shipment } = await ordered(code)
  assert.deepEqual([carrier.orders.get(shipment.id).CODAmount, shipment.cod], [fee.amount, fee.amount])
  await carrier.tell(shipment.id, 'delivered')
  assert.equal((await desk.get(`/api/v1/cases/${code}`)).body.fee.state, 'paid')
})

test('two-tier addresses come in the three tiers of the carrier, where the former district is known', async () => {
  const place = (await town.stranger.get('/api/v1/units?kind=ward&limit=200')).body.items[0].code
  const code = await ready()
  await send(code, { place: place.split('.').at(-1).length === 5 ? place.split('.').at(-1) : '26740' })
  const order = carrier.orders.get((await ordered(code)).shipment.id)
  assert.match(order.ReceiverDistrict, /^(Quận|Huyện|Thành phố|Thị xã) /)
  assert.match(order.ReceiverProvince, /^Thành phố Hồ Chí Minh$/)
  const elsewhere = await ready()
  await send(elsewhere, { province: 'Lâm Đồng', district: 'Đà Lạt' })
  const far = carrier.orders.get((await ordered(elsewhere)).shipment.id)
  assert.deepEqual([far.ReceiverProvince, far.ReceiverDistrict], ['Lâm Đồng', 'Đà Lạt'])
})

test('the carrier is down: everyone sees whose work it is and when it is tried again, and it mends itself', async () => {
  carrier.behave({ mode: 'down' })
  const code = await ready()
  await send(code)
  const x = await failed(code)
  assert.equal(x.problem.code, 'peer-away')
  assert.ok(Date.parse(x.next_at) > Date.now() - 5000, 'the next try is told')
  assert.deepEqual([x.unit.code, x.actions], [ward, ['retry', 'done-by-hand']])
  const [hers] = await handovers(code, lan)
  assert.deepEqual([hers.state, hers.unit.code, hers.next_at !== null, hers.problem.detail, hers.actions], ['failed', ward, true, null, []])
  const head = await town.as('unit-head', ward)
  assert.equal((await head.all(`/api/v1/units/${ward}/hand-overs?only=trouble`)).some((row) => row.id === x.id), true)
  assert.ok((await head.all('/api/v1/notices')).some((n) => n.case === code), 'the head hears of it')
  assert.equal((await view(code, lan)).shipment.state, 'to-order')
  carrier.behave({})
  await ordered(code) // by itself
  assert.equal((await head.all(`/api/v1/units/${ward}/hand-overs?only=trouble`)).some((row) => row.id === x.id), false)
})

test('a reply that is lost after the order was taken orders no second parcel', async () => {
  carrier.behave({ mode: 'lost' })
  const code = await ready(), before = parcels()
  await send(code)
  const x = await failed(code)
  assert.equal(parcels(), before + 1, 'it was taken')
  carrier.behave({})
  await retry(x.id)
  const { shipment } = await ordered(code)
  assert.equal(parcels(), before + 1)
  assert.equal(shipment.number, carrier.orders.get(shipment.id).ItemCode)
  assert.equal((await retry(x.id, 409)).code, 'action-not-allowed')
})

for (const [mode, problem, again] of [
  ['error', 'peer-failed', true], ['nonsense', 'peer-unclear', true], ['huge', 'peer-unclear', true], ['other', 'peer-unclear', true], ['refuse', 'peer-refused', false],
])
  test(`a carrier that answers ${mode}: the problem is kept, and ${again ? 'it is tried again' : 'a person goes on'}`, async () => {
    carrier.behave({ mode })
    const code = await ready()
    await send(code)
    const x = await failed(code)
    assert.deepEqual([x.problem.code, x.next_at !== null], [problem, again])
    carrier.behave({})
    await retry(x.id)
    await ordered(code)
  })

test('a slow carrier holds nobody up, and is given up on in time', async () => {
  carrier.behave({ mode: 'slow', delay: 15_000 })
  const code = await ready(), asked = carrier.asked
  const start = Date.now()
  await send(code)
  assert.ok(Date.now() - start < 5000, 'the officer does not wait for it')
  await until(() => carrier.asked, (n) => n > asked, 'the call')
  const [{ id }] = await handovers(code)
  const during = await desk.post(`/api/v1/hand-overs/${id}/actions/done-by-hand`, { note: 'Gửi tại bưu cục' }, 503)
  assert.equal(during.body.code, 'sending', 'not while it is on its way')
  assert.equal((await failed(code)).problem.code, 'peer-away')
  carrier.behave({})
})

test('what will not get through is done by hand, with a note and the number of the post', async () => {
  carrier.behave({ mode: 'refuse' })
  const code = await ready()
  await send(code)
  const { id } = await failed(code)
  const by = `/api/v1/hand-overs/${id}/actions/done-by-hand`
  assert.equal((await desk.post(by, {}, 422)).body.code, 'action-needs')
  await lan.post(by, { note: 'x' }, 404)
  await (await town.as('one-stop', other)).post(by, { note: 'x' }, 404)
  const done = (await desk.post(by, { note: 'Gửi tại bưu cục Bến Thành', reference: 'EB123456789VN' })).body
  assert.deepEqual([done.state, done.note, done.actions], ['done-by-hand', 'Gửi tại bưu cục Bến Thành', []])
  const after = await view(code)
  assert.deepEqual([after.shipment.state, after.shipment.number], ['ordered', 'EB123456789VN'])
  carrier.behave({})
  const closed = (await desk.post(`${path(code)}/state`, { state: 'delivered', note: 'Bà Lan ký nhận' })).body
  assert.equal(closed.shipment.events.at(-1).note, 'Bà Lan ký nhận')
  assert.equal((await lan.get(`/api/v1/cases/${code}`)).body.status, 10)
})

test('callbacks: forged, old and malformed ones are refused; late and repeated ones change nothing', async () => {
  const code = await ready()
  await send(code)
  const { shipment: { id } } = await ordered(code)
  const event = { OrderNumber: id, Status: 'in-transit' }
  const now = Math.floor(Date.now() / 1000)
  assert.equal((await carrier.say(event, { secret: 'another' })).status, 401)
  assert.equal((await carrier.say(event, { at: now - 400 })).status, 401)
  assert.equal((await carrier.say(event, { at: now + 400 })).status, 401)
  assert.equal((await carrier.say(event, { over: { 'X-Signature': '' } })).status, 401)
  assert.equal((await carrier.say(event, { over: { 'X-Timestamp': 'now' } })).status, 401)
  assert.equal((await carrier.say('{')).status, 400)
  assert.equal((await carrier.say({ ...event, Status: 'eaten' })).status, 422)
  assert.equal((await carrier.say({ ...event, extra: 1 })).status, 422)
  assert.equal((await carrier.say({ ...event, OrderNumber: '12' })).status, 404)
  assert.equal((await carrier.say({ ...event, Note: 'x'.repeat(5000) })).status, 413)
  assert.equal((await view(code)).shipment.state, 'ordered', 'nothing came of all that')
  const body = JSON.stringify({ OrderNumber: id, Status: 'picked-up' }), at = String(now)
  const signed = { 'Content-Type': 'application/json', 'X-Timestamp': at, 'X-Signature': sign(SECRET, at, body) }
  for (const applied of [true, false]) assert.deepEqual((await town.stranger.post('/api/v1/post/events', body, 200, signed)).body, { applied })
  assert.deepEqual((await carrier.tell(id, 'in-transit', 'picked-up', 'in-transit', 'returned', 'delivered')).map((r) => r.body.applied), [true, false, false, true, false])
  const after = await view(code)
  assert.deepEqual([after.shipment.state, after.may_send], ['returned', true])
  assert.equal((await lan.get(`/api/v1/cases/${code}`)).body.status, 9, 'the result waits again')
  for (const who of [desk, lan, await town.as('unit-head', ward)])
    assert.ok((await who.all('/api/v1/notices')).some((n) => n.case === code), `${who.name} is told`)
  await send(code) // once more
  assert.notEqual((await ordered(code)).shipment.id, id)
})

test('callbacks that come at once, in any order: the last word is the same, and the case ends once', async () => {
  const code = await ready()
  await send(code)
  const { shipment: { id } } = await ordered(code)
  const answers = (await Promise.all(['picked-up', 'delivered', 'in-transit', 'delivered'].map((state) => carrier.tell(id, state)))).flat()
  assert.deepEqual([...new Set(answers.map((r) => r.status))], [200])
  assert.equal((await view(code)).shipment.state, 'delivered')
  assert.equal((await lan.all(`/api/v1/cases/${code}/events`)).filter((e) => e.action === 'deliver').length, 1)
})

test('only what waits for the post is posted, once, by the desk of its unit', async () => {
  const { code: early } = await file(lan, ward, { delivery: 'post' })
  assert.equal((await send(early, {}, 409)).code, 'shipment-unfit')
  const { code: vault } = await file(lan, ward)
  await walk(town, vault, ward, 'approve')
  assert.equal((await send(vault, {}, 409)).code, 'shipment-unfit')
  const code = await ready()
  await lan.post(path(code), RECEIVER, 403)
  await (await town.citizen(1)).post(path(code), RECEIVER, 404)
  await (await town.as('one-stop', other)).post(path(code), RECEIVER, 404)
  await (await town.as('specialist', ward)).post(path(code), RECEIVER, 403)
  for (const over of [{ name: '' }, { phone: 'không có' }, { address: undefined }, { place: '00000' }, { cod: 1 }]) await send(code, over, 422)
  const key = { 'Idempotency-Key': 'one-parcel' }, before = parcels()
  await send(code, {}, 201, key)
  await send(code, {}, 201, key)
  assert.equal((await send(code, {}, 409)).code, 'shipment-unfit')
  await ordered(code)
  assert.equal(parcels(), before + 1)
  assert.equal(valueOf(town.server.data, `SELECT count(*) FROM shipment WHERE case_code = '${code}'`), '1')
})

test('who looks at a receiver leaves a trace that the owner reads', async () => {
  const code = await ready()
  const looks = async () => (await lan.all('/api/v1/vault/access-log')).filter((row) => row.case === code && row.action === 'read').length
  const before = await looks()
  await view(code)
  await handovers(code)
  await until(looks, (n) => n === before + 1, 'the trace')
})

test('a unit reads its hand-overs page by page, trouble first', async () => {
  const all = await desk.all(`/api/v1/units/${ward}/hand-overs`)
  const paged = await desk.all(`/api/v1/units/${ward}/hand-overs`, 2)
  assert.deepEqual(paged.map((x) => x.id), all.map((x) => x.id))
  const rank = ({ state }) => ['failed', 'waiting'].indexOf(state) + 1 || 3
  assert.deepEqual(all.map(rank), all.map(rank).sort())
  await (await town.as('one-stop', other)).get(`/api/v1/units/${ward}/hand-overs`, 403)
  await lan.get(`/api/v1/units/${ward}/hand-overs`, 403)
  await desk.get(`/api/v1/units/${ward}/hand-overs?cursor=${Buffer.from('9.9').toString('base64url')}`, 400)
  await desk.get('/api/v1/units/H29.9.99999/hand-overs', 404)
})

test('the counter writes down who received the result', async () => {
  const { code } = await file(lan, ward, { delivery: 'counter' })
  await walk(town, code, ward, 'approve')
  await act(desk, code, 'deliver', { note: 'Ông Trần Văn Bình ký nhận thay, CCCD 079200000001' })
  assert.match((await desk.all(`/api/v1/cases/${code}/events`)).at(-1).note, /Trần Văn Bình ký nhận/)
})

/** The people of another server over a folder. */
async function townOver(data) {
  const server = Object.assign(await Server.start(data, [], { env }), { contract: town.contract })
  return Object.assign(new Town(), { server, stranger: new Client(server), accounts: accounts(data) })
}

test('killed between the carrier taking the order and our knowing it: ordered once, and known after the start', async () => {
  const data = join(folder(), 'data')
  copyCity(demoCity(), data)
  const first = await townOver(data), before = parcels()
  const { code } = await file(await first.citizen(0), ward, { delivery: 'post' })
  await walk(first, code, ward, 'approve')
  carrier.behave({ mode: 'slow', delay: 8000 })
  await (await first.as('one-stop', ward)).post(path(code), RECEIVER, 201)
  await until(parcels, (n) => n === before + 1, 'the order')
  first.server.child.kill('SIGKILL')
  await first.server.ended
  carrier.behave({})
  const second = await townOver(data)
  try {
    const officer = await second.as('one-stop', ward)
    const { shipment } = await until(() => view(code, officer), (seen) => seen.shipment?.state === 'ordered', 'the order after the start')
    assert.equal(shipment.number, carrier.orders.get(shipment.id).ItemCode)
    assert.equal(parcels(), before + 1)
    assert.equal((await handovers(code, officer))[0].tries, 2)
  } finally {
    await second.server.stop()
  }
})

test('without a carrier the officer writes down the number of the post and where the parcel is', async () => {
  const bare = await Town.open()
  const officer = await bare.as('one-stop', ward), owner = await bare.citizen(0)
  const { code } = await file(owner, ward, { delivery: 'post' })
  await walk(bare, code, ward, 'approve')
  assert.equal((await view(code, officer)).carrier, false)
  const refused = (await officer.post(path(code), RECEIVER, 422)).body
  assert.deepEqual([refused.code, refused.errors[0].pointer], ['peer-unset', '/number'])
  const { shipment, record } = (await officer.post(path(code), { ...RECEIVER, number: 'EB000000001VN' }, 201)).body
  assert.deepEqual([shipment.state, shipment.number, shipment.by_hand], ['ordered', 'EB000000001VN', true])
  assert.deepEqual(record, ['picked-up', 'in-transit', 'lost', 'returned', 'delivered'])
  assert.deepEqual(await handovers(code, officer), [], 'nothing is handed over')
  const at = (state, want = 200) => officer.post(`${path(code)}/state`, { state }, want)
  await at('in-transit')
  assert.equal((await at('picked-up', 409)).body.code, 'action-not-allowed')
  await owner.post(`${path(code)}/state`, { state: 'delivered' }, 403)
  await at('lost')
  assert.equal((await at('delivered')).body.shipment.state, 'delivered', 'it turned up')
  assert.equal((await owner.get(`/api/v1/cases/${code}`)).body.status, 10)
  assert.equal((await bare.stranger.post('/api/v1/post/events', '{}', 401, { 'Content-Type': 'application/json' })).body.code, 'peer-signature')
})
