// A result by post on the screens: the desk gives it to the post, the post is down, everyone reads whose work it is and when
// it is tried again, the officer tries at once, and the citizen sees where the parcel is.
import assert from 'node:assert/strict'
import { after } from 'node:test'
import { Carrier } from '../carrier.mjs'
import { DESK, PHONE, SERVICE, Town } from './browser.mjs'

const SECRET = 'a secret of the tests', CUSTOMER = 'H29-TEST'
const carrier = await Carrier.start({ secret: SECRET, customer: CUSTOMER })
after(() => carrier.stop())
const town = await Town.open({ options: { env: { MOTCUA_POST_URL: carrier.url, MOTCUA_POST_CUSTOMER: CUSTOMER, MOTCUA_POST_SECRET: SECRET } } })
carrier.callback = `http://127.0.0.1:${town.server.port}/api/v1/post/events`
const step = town.story()
const [ward] = [...new Set(town.accounts.filter((a) => a.role === 'one-stop').map((a) => a.unit))]
const account = town.citizen(0)
const lan = await town.api(account)
const { code } = (await lan.post('/api/v1/cases', { service: SERVICE, unit: ward, form: { copies: 2 }, delivery: 'post' }, 201)).body
for (const [action, role] of [['receive', 'one-stop'], ['hand-over', 'one-stop'], ['assign', 'specialist'], ['submit-for-signature', 'specialist'], ['approve', 'signatory']])
  await (await town.api(town.account(role, ward))).post(`/api/v1/cases/${code}/actions/${action}`, {})
const look = async (who, name) => {
  await who.inspect(name)
  if (process.env.LOOK) await who.page.screenshot({ path: `${process.env.LOOK}/${name}.png`, fullPage: true })
}

let desk, citizen
step('the desk checks the receiver and gives the result to the post', async () => {
  carrier.behave({ mode: 'refuse' })
  desk = await town.person(town.account('one-stop', ward), { viewport: DESK })
  await desk.go(`/can-bo/ho-so/${code}`)
  await desk.sees('Gửi kết quả qua bưu chính')
  assert.equal(await desk.page.getByLabel('Tên người nhận').inputValue(), account.name)
  await desk.page.getByLabel('Điện thoại người nhận').fill('0909 000 111')
  await desk.page.getByLabel('Địa chỉ nhận').fill('12 Lê Lợi, phường Bến Thành')
  await look(desk, 'post-send')
  await desk.press('Giao cho bưu chính')
  await desk.sees('Không tự gửi lại nữa: cần cán bộ xử lý.')
  await look(desk, 'post-stuck')
})

step('the citizen and the head read whose work it is', async () => {
  citizen = await town.person(account, { viewport: PHONE })
  await citizen.go(`/ho-so/${code}`)
  await citizen.sees(/Chưa báo được cho Bưu chính\. .* đang lo việc này/)
  await look(citizen, 'post-citizen-trouble')
  const head = await town.person(town.account('unit-head', ward), { viewport: DESK })
  await head.go('/can-bo/tong-quan')
  await head.sees('Chưa chuyển được sang hệ thống khác (1)')
  await head.sees(code)
  await look(head, 'post-board')
  await head.leave()
})

step('tried again at once while the post is down: the next try is told', async () => {
  carrier.behave({ mode: 'down' })
  await desk.press('Gửi lại ngay')
  await desk.sees(/Tự gửi lại lúc/)
  await citizen.sees(/Hệ thống tự gửi lại lúc/)
  carrier.behave({})
  await desk.press('Gửi lại ngay')
  await desk.sees('Bưu chính đã nhận yêu cầu')
  await look(desk, 'post-ordered')
})

step('the citizen follows the parcel to the door, and the case has ended', async () => {
  const [{ OrderNumber, ItemCode }] = [...carrier.orders.values()]
  await carrier.tell(OrderNumber, 'picked-up', 'in-transit', 'delivered')
  await citizen.sees(ItemCode)
  await citizen.sees('Đã phát')
  await look(citizen, 'post-citizen-delivered')
  await citizen.leave()
  await desk.leave()
})
