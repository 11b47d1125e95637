// A parcel is divided: the department asks the tax authority and the land office at once, each answers in a case of its own
// with what it has to record, and the one who waits sees it come. The steps stand on each other.
import assert from 'node:assert/strict'
import { act, PDF, upload } from '../api/town.mjs'
import { DESK, Town } from './browser.mjs'

const SPLIT = '1.012784', LAND = 'H29.16'
const town = await Town.open()
const step = town.story()
const account = town.citizen(4)
const owner = await town.api(account)
const parcel = '25747/12/3'
let code, children, specialist

const officer = (role, unit = LAND) => town.account(role, unit)
const open = async (role, unit, which) => {
  const person = await town.person(officer(role, unit), { viewport: DESK })
  await person.page.locator(`[id="row-${which}"]`).waitFor()
  await person.page.keyboard.press('j')
  await person.page.keyboard.press('Enter')
  await person.page.waitForURL(`**/can-bo/ho-so/${which}`)
  await person.settled()
  return person
}
const look = async (who, name) => {
  await who.inspect(name)
  if (process.env.LOOK) await who.page.screenshot({ path: `${process.env.LOOK}/${name}.png`, fullPage: true })
}

step('an application with its drawing', async () => {
  const body = {
    code: parcel, place: '25747', sheet: '12', number: '3', address: 'Thửa 3, phường Thủ Dầu Một', area: 200, purpose: 'ODT', owner: account.user, owner_name: account.name,
    status: 'in-use',
  }
  await (await town.api(officer('steward'))).put(`/api/v1/registries/parcel/records/${encodeURIComponent(parcel)}`, body, undefined, { 'If-Match': '"0"' })
  const drawing = await upload(owner, PDF)
  const form = { parcel, parts: [{ area: 120 }, { area: 80 }], reason: 'Cho con' }
  const filed = await owner.post('/api/v1/cases', { service: SPLIT, unit: LAND, form, papers: [{ kind: 'split-drawing', document: drawing.id }] }, 201)
  code = filed.body.code
})

step('handed over by keys, it is asked of two units at once', async () => {
  const desk = await open('one-stop', LAND, code)
  await desk.page.keyboard.press('r')
  await desk.sees(/Đã xong: Tiếp nhận/)
  await desk.page.keyboard.press('h')
  await desk.page.locator('.act-form select').press('Control+Enter')
  await desk.sees(/Đã xong: Chuyển/)
  await desk.sees('Xác định nghĩa vụ tài chính')
  await desk.sees('Chỉnh lý hồ sơ địa chính')
  await look(desk, 'land-asked')
  const { asked } = (await owner.get(`/api/v1/cases/${code}`)).body
  children = Object.fromEntries(asked.map((a) => [a.ask, { code: a.case, unit: a.unit.code }]))
  assert.deepEqual(Object.keys(children).sort(), ['land', 'tax'])
  specialist = await town.person(officer('specialist'), { viewport: DESK })
  await specialist.go(`/can-bo/ho-so/${code}`)
})

step('the tax authority says what is to be paid', async () => {
  const tax = await open('specialist', children.tax.unit, children.tax.code)
  await tax.sees(`Nghĩa vụ tài chính của hồ sơ ${code}`)
  await tax.press(/^Trả lời/)
  await tax.page.getByLabel('Tổng số phải nộp (đồng)').fill('0')
  await tax.page.getByLabel('Số thông báo nộp thuế').fill('TB-12')
  await tax.page.locator('#act-note').fill('Tách thửa cho con: miễn nộp.')
  await look(tax, 'land-tax')
  await tax.page.locator('#act-note').press('Control+Enter')
  await tax.sees(/Đã xong: Trả lời/)
  await specialist.sees('Tách thửa cho con: miễn nộp.')
  await specialist.sees(/Chỉnh lý hồ sơ địa chính/)
})

step('the land office allows it, and the dossier goes on by itself', async () => {
  const records = await open('specialist', children.land.unit, children.land.code)
  await records.press(/^Trả lời/)
  await records.page.getByLabel('Đủ điều kiện về địa chính').first().check()
  await records.page.locator('#act-note').fill('Hai thửa mới đủ diện tích tối thiểu.')
  await records.page.locator('#act-note').press('Control+Enter')
  await records.sees(/Đã xong: Trả lời/)
  await specialist.sees('Hai thửa mới đủ diện tích tối thiểu.')
  await specialist.sees(/Trình lãnh đạo phòng kiểm tra/)
  await look(specialist, 'land-answered')
})

step('checked with the number of the certificate, signed, issued: two parcels, and the owner sees the way', async () => {
  await specialist.press(/^Trình lãnh đạo phòng kiểm tra/)
  await specialist.page.getByLabel('Số phát hành Giấy chứng nhận mới').fill('AA 00000003')
  await specialist.page.getByLabel('Số phát hành Giấy chứng nhận mới').press('Control+Enter')
  await specialist.sees(/Đã xong: Trình lãnh đạo phòng/)
  for (const [role, action] of [['unit-head', 'submit-for-signature'], ['signatory', 'approve'], ['clerk', 'issue']]) await act(await town.api(officer(role)), code, action)
  const citizen = await town.person(account)
  await citizen.go(`/ho-so/${code}`)
  await citizen.sees('Giấy chứng nhận cho các thửa đất mới')
  await citizen.sees('Hai thửa mới đủ diện tích tối thiểu.')
  await look(citizen, 'land-citizen')
  const part = (await owner.get(`/api/v1/registries/parcel/records/${encodeURIComponent(`${parcel}-2`)}?purpose=self`)).body.body
  assert.deepEqual([part.area, part.parent, part.owner], [80, parcel, account.user])
})
