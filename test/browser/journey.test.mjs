// One dossier through the whole city, as everyone concerned sees it: from a search without marks to a paper in the
// vault that a stranger can prove. The steps stand on each other, in this order.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { DESK, SERVICE, Town } from './browser.mjs'

const town = await Town.open()
const account = town.citizen(0)
const ward = account.unit
const lan = await town.person(account, { signedIn: false, sharp: 2 })
const desk = await town.person(town.account('one-stop', ward), { viewport: DESK })
const specialist = await town.person(town.account('specialist', ward), { viewport: DESK })
const signatory = await town.person(town.account('signatory', ward), { viewport: DESK })
const stranger = await town.person(null, { viewport: DESK })
const step = town.story()
let code, pin, verify

const NAME = /^Cấp bản sao Trích lục hộ tịch/
const row = (person) => person.page.locator(`[id="row-${code}"]`)
const heading = (person) => person.page.getByRole('heading', { level: 1 })

/** The officer goes to the case by keys alone: down the list, and in. */
async function enter(person) {
  await row(person).waitFor()
  await person.page.keyboard.press('j')
  await person.page.waitForFunction((id) => document.activeElement?.id === id, `row-${code}`)
  await person.page.keyboard.press('Enter')
  await person.page.waitForURL(`**/can-bo/ho-so/${code}`)
  await person.settled()
}

/** One more part of the application, read and passed. */
async function next(person, title) {
  await person.reads(title)
  await person.inspect(`application: ${title}`)
  await person.press('Tiếp tục')
}

step('the citizen finds the procedure, without marks', async () => {
  await lan.go('/')
  await lan.picture('home')
  await lan.inspect('home of a stranger')
  await lan.page.getByRole('searchbox').fill('ban sao trich luc')
  await lan.page.getByRole('searchbox').press('Enter')
  await lan.reads(/ban sao trich luc/)
  await lan.inspect('search')
  await lan.press(NAME, 'link')
  await lan.reads(NAME)
  await lan.sees(`Mã thủ tục ${SERVICE}`)
  await lan.picture('service')
  await lan.inspect('service of a stranger')
})

step('to apply is to sign in first, and one is led back', async () => {
  await lan.press('Nộp hồ sơ', 'link')
  await lan.reads('Đăng nhập')
  await lan.inspect('sign in')
  await lan.fillIn()
  await lan.page.waitForURL(`**/thu-tuc/${SERVICE}/nop`)
  await lan.reads('Bạn muốn nộp hồ sơ ở đâu?')
  assert.equal(await lan.page.getByRole('radio', { checked: true }).getAttribute('value'), ward, 'the own ward is chosen already')
})

step('what the city knows is filled in and locked; two copies are asked for', async () => {
  await next(lan, 'Bạn muốn nộp hồ sơ ở đâu?')
  await lan.reads('Người yêu cầu')
  const known = lan.page.getByRole('region', { name: 'Thành phố đã biết' })
  for (const said of [account.name, account.user]) await lan.sees(said, known)
  assert.equal(await lan.page.getByLabel('Họ, chữ đệm, tên').count(), 0, 'there is no field for what is locked')
  await lan.picture('form', { fullPage: true })
  await next(lan, 'Người yêu cầu')
  await next(lan, 'Việc hộ tịch')
  await lan.reads('Số bản sao')
  await lan.page.getByLabel('Số bản sao').fill('2')
  await next(lan, 'Số bản sao')
  await lan.sees(/^Thành phố đã có, không phải nộp/)
  await next(lan, 'Giấy tờ kèm theo')
  await next(lan, 'Bạn muốn nhận kết quả thế nào?')
})

step('after a last look it is filed: a code, and the appointed time', async () => {
  await lan.reads('Xem lại trước khi nộp')
  await lan.sees('16.000 đồng')
  await lan.sees(/^\d+ giờ.*, .+, \d\d\/\d\d\/\d{4}/)
  await lan.inspect('review')
  await lan.press('Nộp hồ sơ')
  await lan.reads('Đã nộp hồ sơ')
  code = await lan.page.locator('.receipt-code').textContent()
  assert.match(code, new RegExp(`^${ward.replaceAll('.', '\\.')}-\\d{6}-\\d{4,}$`))
  pin = await lan.page.locator('.receipt strong.code').textContent()
  await lan.picture('receipt')
  await lan.inspect('receipt')
  await lan.press('Xem hồ sơ', 'link')
  await lan.reads(NAME)
})

step('an officer who has the inbox open sees it come', async () => {
  await row(desk).waitFor()
  await desk.sees('1 hồ sơ mới')
  await desk.sees('Mới', desk.page.getByRole('row').filter({ hasText: code }))
  await desk.inspect('inbox')
})

step('received by keys, after a change of mind; handed over', async () => {
  const { page } = desk
  await page.keyboard.press('j')
  await page.keyboard.press('r')
  await desk.sees(/^Tiếp nhận 1 hồ sơ sau/)
  await page.keyboard.press('z')
  await desk.sees('Đã hoàn tác. Chưa có gì thay đổi.')
  await enter(desk)
  await desk.inspect('a case to receive')
  await page.keyboard.press('r')
  await desk.sees(/Đã xong: Tiếp nhận/)
  await page.keyboard.press('h')
  await page.locator('.act-form select').press('Control+Enter')
  await desk.sees(/Đã xong: Chuyển/)
  await desk.inspect('a case handed over')
})

step('the citizen sees each step as it happens', async () => {
  await lan.sees('Đã tiếp nhận', lan.page.getByRole('list', { name: 'Hành trình của hồ sơ' }))
  await lan.sees('Chuyển cho chuyên viên', lan.page.getByRole('list', { name: 'Hành trình của hồ sơ' }))
  await lan.sees(desk.account.name)
})

step('the specialist takes it, sees the entry of the book, and submits it', async () => {
  await enter(specialist)
  await specialist.inspect('a case to appraise')
  await specialist.sees(/Khai sinh: .+ \(số \d+, quyển/)
  await specialist.picture('case')
  await specialist.press('Trình ký')
  await specialist.sees(/Đã xong: Trình ký/)
})

step('the signatory approves', async () => {
  await enter(signatory)
  await signatory.inspect('a case to sign')
  await signatory.press('Ký duyệt')
  await signatory.sees(/Đã xong: Ký duyệt/)
})

step('the citizen is told, finds the paper in the vault and takes it along', async () => {
  await lan.sees('Chờ trả kết quả')
  await lan.picture('dossier', { fullPage: true })
  await lan.inspect('dossier with its result')
  await lan.go('/thong-bao')
  await lan.sees('Đã có kết quả')
  await lan.inspect('notices')
  await lan.go('/kho')
  await lan.sees('Bản sao trích lục hộ tịch')
  await lan.picture('vault')
  await lan.inspect('vault')
  const [download] = await Promise.all([lan.page.waitForEvent('download'), lan.page.getByRole('link', { name: /Tải/ }).first().click()])
  assert.equal(readFileSync(await download.path()).subarray(0, 5).toString(), '%PDF-')
  const result = (await (await town.api(account)).get(`/api/v1/cases/${code}`)).body.results[0]
  verify = result.verify_code
})

step('the one-stop takes the fee and hands the result over', async () => {
  await desk.go(`/can-bo/ho-so/${code}`)
  await desk.press('Ghi nhận đã nộp phí')
  await desk.sees(/Đã xong: Ghi nhận/)
  await desk.press(/^Trả kết quả/)
  await desk.sees(/Đã xong: Trả kết quả/)
  await desk.inspect('a case handed back')
})

step('another who comes to the counter signs for it, and shows by what right', async () => {
  const filed = (await (await town.api(account)).post('/api/v1/cases', { service: SERVICE, unit: ward, form: { copies: 1 }, delivery: 'counter' }, 201)).body.code
  for (const [action, role] of [['receive', 'one-stop'], ['hand-over', 'one-stop'], ['assign', 'specialist'], ['submit-for-signature', 'specialist'], ['approve', 'signatory']])
    await (await town.api(town.account(role, ward))).post(`/api/v1/cases/${filed}/actions/${action}`, {}, 200)
  await desk.go(`/can-bo/ho-so/${filed}`)
  await desk.press(/^Trả kết quả/)
  assert.equal(await desk.page.locator('#act-receiver').inputValue(), account.name, 'the applicant, unless somebody else comes')
  await desk.page.locator('#act-receiver').fill('Quách Xuyến')
  await desk.page.locator('#act-relation').selectOption('agent')
  await desk.page.locator('.act-run').click()
  await desk.sees('Xin ghi giấy ủy quyền hoặc giấy tờ đã xuất trình.')
  await desk.inspect('signing for a result')
  await desk.page.locator('#act-proof').fill('Giấy ủy quyền số 12')
  await desk.page.locator('.act-run').click()
  await desk.sees(/Đã xong: Trả kết quả/)
  await desk.sees('Người ký nhận: Quách Xuyến (người được ủy quyền), Giấy ủy quyền số 12')
})

step('a stranger tracks the code, and proves the paper', async () => {
  await stranger.go(`/tra-cuu/${code}`)
  await stranger.sees('Đã trả kết quả')
  await stranger.inspect('tracking')
  assert.equal(await stranger.page.getByText(account.name).count(), 0, 'nothing personal without the pin')
  await stranger.go(`/verify/${verify}`)
  await stranger.sees('Giấy tờ thật, đang có giá trị')
  const { origin } = new URL(stranger.page.url())
  const { documents } = await (await lan.page.request.get(`${origin}/api/v1/vault`)).json()
  const bytes = await (await lan.page.request.get(`${origin}/api/v1/documents/${documents.find((d) => d.verify_code === verify).id}/content`)).body()
  await stranger.page.locator('#file').setInputFiles({ name: 'trich-luc.pdf', mimeType: 'application/pdf', buffer: bytes })
  await stranger.sees(/Giống hệt bản gốc/)
  await stranger.page.locator('#file').setInputFiles({ name: 'khac.pdf', mimeType: 'application/pdf', buffer: Buffer.from('%PDF-1.4 khác') })
  await stranger.sees(/Khác bản gốc/)
  await stranger.inspect('verification')
  assert.match(pin, /^[0-9A-Z]{6}$/)
})

step('nobody had anything on the console', async () => {
  for (const person of [lan, desk, specialist, signatory, stranger]) person.noFault()
})
