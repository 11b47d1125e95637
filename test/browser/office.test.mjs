// The head's board leads to its rows, the inbox narrows and is saved as a file, an administrator publishes a change.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { DESK, PHONE, SERVICE, Town } from './browser.mjs'

const town = await Town.open()
const step = town.story()
const [ward] = [...new Set(town.accounts.filter((a) => a.role === 'one-stop').map((a) => a.unit))]
const lan = await town.api(town.citizen(0))
const form = { copies: 2, applicant: { phone: '0987654321' } }
const { body: filed } = await lan.post('/api/v1/cases', { service: SERVICE, unit: ward, form }, 201)
const look = async (who, name) => {
  await who.inspect(name)
  if (process.env.LOOK) await who.page.screenshot({ path: `${process.env.LOOK}/${name}.png`, fullPage: true })
}

let head, admin
step('the board counts, and a figure leads to its rows', async () => {
  head = await town.person(town.account('unit-head', ward), { viewport: DESK })
  await head.go('/can-bo/tong-quan')
  await head.sees('Theo người giữ')
  await look(head, 'board')
  await head.press(/Chưa ai nhận/, 'link')
  await head.sees(filed.code)
})

step('the inbox narrows by telephone and is saved whole', async () => {
  await head.page.getByRole('textbox', { name: 'Điện thoại người nộp' }).fill('0987.654.321')
  await head.page.getByRole('textbox', { name: 'Điện thoại người nộp' }).press('Enter')
  await head.page.waitForURL(/dien-thoai=/)
  await head.settled()
  await head.sees(filed.code)
  await look(head, 'filters')
  const download = head.page.waitForEvent('download')
  await head.press('Xuất CSV')
  assert.match(readFileSync(await (await download).path(), 'utf8'), new RegExp(filed.code))
  await head.page.getByRole('textbox', { name: 'Điện thoại người nộp' }).fill('0911111111')
  await head.page.getByRole('textbox', { name: 'Điện thoại người nộp' }).press('Enter')
  await head.sees('Không có hồ sơ nào khớp bộ lọc')
})

step('a citizen takes a number on the telephone, the desk calls it and begins with what the city knows', async () => {
  const account = town.citizen(0)
  const citizen = await town.person(account, { viewport: PHONE })
  const desk = await town.person(town.account('one-stop', ward), { viewport: DESK })
  await citizen.go(`/xep-hang/${ward}`)
  await citizen.press('Lấy số')
  await citizen.sees('Số của bạn: 1')
  await look(citizen, 'queue-phone')
  await desk.go('/can-bo/tiep-nhan')
  await desk.press('Phát số')
  await desk.sees('Đã phát số 2.')
  await desk.page.getByLabel('Quầy', { exact: true }).fill('3')
  await desk.press(/^Gọi số tiếp theo/)
  await desk.sees('Mời số 1')
  await desk.page.locator('#service').waitFor()
  await desk.sees(account.name)
  await look(desk, 'queue-desk')
  await citizen.sees('Mời đến quầy 3')
  const screen = await town.person(account, { viewport: DESK, signedIn: false })
  await screen.go(`/xep-hang/${ward}`)
  await screen.sees('1 người đang chờ.')
  await look(screen, 'queue-screen')
})

step('the register of the day is read on screen as it will be printed', async () => {
  const desk = await town.api(town.account('one-stop', ward))
  await desk.post(`/api/v1/cases/${filed.code}/actions/receive`, {}, 200)
  await head.press('Sổ theo dõi', 'link')
  await head.page.getByRole('img', { name: /^Trang 1/ }).locator('canvas').waitFor()
  await look(head, 'register')
  await head.page.getByLabel('Loại sổ').selectOption('hand-over-list')
  await head.page.getByRole('heading', { name: 'Danh sách bàn giao hồ sơ' }).waitFor()
  await head.page.getByRole('img', { name: /^Trang 1/ }).locator('canvas').waitFor()
  await head.page.getByLabel('Từ ngày').fill('2020-01-01')
  await head.sees('không quá một năm')
})

step('an administrator sees what is wrong as it is typed, then publishes', async () => {
  admin = await town.person(town.account('admin'), { viewport: DESK })
  await admin.go(`/can-bo/cau-hinh?loai=service&tim=${SERVICE}`)
  await look(admin, 'setup')
  await admin.press(/trích lục/i, 'link')
  await admin.page.getByLabel('Văn bản').check({ force: true })
  const text = admin.page.getByLabel('Nội dung (YAML hoặc JSON)')
  const before = await text.inputValue()
  await text.fill(before.replace(/^flow: /m, 'flow: no-'))
  await admin.press(/^Dòng \d+$/)
  assert.match(await text.evaluate((area) => area.value.slice(area.selectionStart, area.selectionEnd)), /no-/)
  assert.ok(await admin.page.getByRole('button', { name: 'Ban hành', exact: true }).isDisabled())
  await text.fill(before.replace(/vi: (Cấp bản sao .*)$/m, 'vi: "[Mới] $1"'))
  await admin.page.getByLabel('Kiểm tra').check({ force: true })
  await admin.sees('Không có lỗi.')
  await look(admin, 'editor')
  await admin.press('Lưu nháp')
  await admin.sees('Đã lưu nháp.')
  await admin.page.getByLabel('So sánh').check({ force: true })
  await admin.sees(/\+ .*\[Mới\]/)
  await look(admin, 'compare')
  await admin.page.getByLabel('Xem trước').check({ force: true })
  await admin.sees('Người dân thấy')
  await look(admin, 'preview')
  await admin.press('Ban hành')
  await admin.press(/Ban hành ngay/)
  await admin.sees('phiên bản 2')
  assert.match((await lan.get(`/api/v1/services/${SERVICE}`)).body.name, /^\[Mới\]/)
})

step('the same on a phone, by night, in English', async () => {
  const options = { viewport: PHONE, dark: true, language: 'en' }
  const other = await town.person(town.account('unit-head', ward), options)
  await other.go('/can-bo/tong-quan')
  await look(other, 'board-phone')
  await other.go('/can-bo?pham-vi=don-vi&dien-thoai=0987654321')
  await look(other, 'filters-phone')
  const boss = await town.person(town.account('admin'), options)
  await boss.go(`/can-bo/cau-hinh/service/${SERVICE}`)
  await look(boss, 'editor-phone')
})
