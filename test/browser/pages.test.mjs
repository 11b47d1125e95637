// The counter by keyboard alone; a draft that outlives the network; every page in both languages and by night; how much a
// first visit weighs.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { totp } from '../api/totp.mjs'
import { DESK, PHONE, SERVICE, Town } from './browser.mjs'

const SCRIPT_BUDGET = 200 * 1024
const town = await Town.open()
const citizen = town.citizen(2)
const ward = citizen.unit

town.story()('at the counter an extract is taken in by keys alone, for someone who never signed in', async () => {
  const desk = await town.person(town.account('one-stop', ward), { viewport: DESK })
  const { page } = desk
  await desk.go('/can-bo/tiep-nhan')
  await page.locator('#person').waitFor()
  await page.keyboard.type(`${citizen.user}||${citizen.name}|01011990|Nam|Thành phố Hồ Chí Minh|01012022`)
  await page.keyboard.press('Enter')
  await page.locator('#service').waitFor()
  await desk.sees('Thẻ ghi khác với cơ sở dữ liệu') // the card's birthday was made up
  await desk.inspect('counter: the service')
  await page.locator('#service').fill('ban sao trich luc')
  await page.waitForFunction(() => document.querySelectorAll('[role=option]').length === 1) // the search has answered
  await page.keyboard.press('Enter')
  await desk.sees(/Thành phố đã có: /)
  await desk.sees(/8\.000 đồng/)
  await desk.picture('counter')
  await desk.inspect('counter: the form')
  await desk.press('Nộp và tiếp nhận')
  await page.locator('#receipt-title').waitFor()
  await desk.sees(new RegExp(`${ward.replaceAll('.', '\\.')}-\\d{6}-\\d{4}`))
  await desk.inspect('counter: the receipt')
  await desk.leave()
})

test('the inbox, with work in it', async () => {
  const desk = await town.person(town.account('one-stop', ward), { viewport: DESK })
  const api = await town.api(citizen)
  for (const copies of [1, 2, 3])
    await api.post('/api/v1/cases', { service: SERVICE, unit: ward, form: { event: 'birth', relation: 'self', subject_number: citizen.user, copies } }, 201)
  await desk.go('/can-bo')
  await desk.page.locator('[id^="row-"]').nth(2).waitFor()
  await desk.inspect('inbox')
  await desk.leave()
})

test('a second factor is set up on the phone, its recovery codes are shown, and the next sign-in asks for it', async () => {
  const hoa = await town.person(town.citizen(7))
  const { page } = hoa
  await hoa.go('/tai-khoan')
  await page.locator('#otp-password').fill(hoa.account.password)
  await hoa.press('Bật xác thực hai lớp')
  await page.locator('#otp').waitFor()
  const secret = (await page.locator('p > code').innerText()).replaceAll(' ', '')
  await hoa.inspect('account: the second factor')
  const then = Date.now()
  await page.locator('#otp').fill(totp(secret, then))
  await hoa.press('Xác nhận')
  await page.locator('.codes li').nth(7).waitFor()
  await hoa.inspect('account: the recovery codes')
  const [recovery] = await page.locator('.codes li').allInnerTexts()
  await hoa.press('Tôi đã cất các mã')
  await hoa.sees('Đang bật: mỗi lần đăng nhập cần thêm mã từ ứng dụng trên điện thoại.')
  await hoa.leave()

  const again = await town.person(hoa.account, { signedIn: false })
  await again.go('/dang-nhap')
  await again.fillIn()
  await again.page.locator('#otp').waitFor()
  await again.settled()
  again.faults.length = 0 // the browser reports the 401 that asked for the code
  await again.page.locator('#otp').fill(recovery)
  await again.page.locator('#otp').press('Enter')
  await again.page.waitForURL((url) => url.pathname !== '/dang-nhap')
  await again.leave()
})

test('someone is authorised, accepts, and files for the other', async () => {
  const mother = town.citizen(8), son = town.citizen(9)
  const giver = await town.person(mother)
  await giver.go('/uy-quyen')
  await giver.page.locator('#agent').fill(son.user)
  await giver.press('Gửi ủy quyền')
  await giver.sees(`Đã gửi. Ủy quyền có hiệu lực khi ${son.name} chấp nhận.`)
  await giver.inspect('authorisations: given')
  await giver.leave()

  const agent = await town.person(son)
  await agent.go('/uy-quyen')
  await agent.press('Chấp nhận')
  await agent.sees('Đang có hiệu lực')
  await agent.inspect('authorisations: accepted')
  await agent.go(`/thu-tuc/${SERVICE}/nop`)
  await agent.page.getByLabel('Nộp cho ai?').selectOption(mother.name)
  await agent.sees(`Bạn đang nộp thay cho ${mother.name}.`)
  await agent.inspect('application: for another')
  await agent.leave()
})

test('a draft outlives the network and the page', async () => {
  const lan = await town.person(citizen)
  const { page } = lan
  await lan.go(`/thu-tuc/${SERVICE}/nop`)
  await lan.reads('Bạn muốn nộp hồ sơ ở đâu?')
  await lan.press('Tiếp tục')
  await lan.reads('Người yêu cầu')
  await lan.press('Tiếp tục')
  await lan.reads('Việc hộ tịch')
  await lan.press('Tiếp tục')
  await lan.reads('Số bản sao')
  await lan.goOffline(true)
  await page.getByLabel('Số bản sao').fill('7')
  await page.getByLabel('Số bản sao').blur()
  await lan.sees(/mạng/i)
  await lan.goOffline(false)
  await page.reload()
  await page.getByLabel('Số bản sao').waitFor()
  assert.equal(await page.getByLabel('Số bản sao').inputValue(), '7')
  await lan.leave()
})

const looks = [
  { language: 'vi', viewport: PHONE, dark: true },
  { language: 'en', viewport: PHONE },
  { language: 'en', viewport: DESK, dark: true },
]
for (const look of looks) {
  const name = `${look.language}, ${look.viewport.width} wide${look.dark ? ', by night' : ''}`

  test(`what everybody sees: ${name}`, async () => {
    const stranger = await town.person(null, look)
    for (const path of ['/', '/thu-tuc', `/thu-tuc/${SERVICE}`, '/tra-cuu', '/dang-nhap']) {
      await stranger.go(path)
      await stranger.inspect(path)
    }
    await stranger.leave()
  })

  test(`what a citizen sees: ${name}`, async () => {
    const lan = await town.person(citizen, look)
    for (const path of ['/', '/ho-so', '/kho', '/thong-bao', `/thu-tuc/${SERVICE}/nop`]) {
      await lan.go(path)
      await lan.inspect(path)
    }
    await lan.leave()
  })

  test(`what an officer sees: ${name}`, async () => {
    const desk = await town.person(town.account('one-stop', ward), look)
    for (const path of ['/can-bo', '/can-bo/tiep-nhan']) {
      await desk.go(path)
      await desk.inspect(path)
    }
    await desk.page.locator('body').press('?')
    await desk.leave()
  })
}

test('a first visit loads no more than 200 KB of script', async () => {
  const stranger = await town.person(null)
  const { page } = stranger
  const devtools = await stranger.context.newCDPSession(page)
  const kinds = new Map()
  let bytes = 0
  await devtools.send('Network.enable')
  devtools.on('Network.responseReceived', ({ requestId, type }) => kinds.set(requestId, type))
  devtools.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => { if (kinds.get(requestId) === 'Script') bytes += encodedDataLength })
  await stranger.go('/')
  assert.ok(bytes > 10_000, `only ${bytes} bytes of script were seen: is this the client?`)
  assert.ok(bytes <= SCRIPT_BUDGET, `${bytes} bytes of script`)
  await stranger.leave()
})
