// What becomes of papers: signed many in one act, shared by link until the link is used up, proven by anyone who holds one,
// and who looked at them, proven by the owner's own browser. The steps stand on each other.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { DESK, SERVICE, Town } from './browser.mjs'

const town = await Town.open()
const step = town.story()
const account = town.citizen(0)
const ward = account.unit
const look = async (who, name) => {
  await who.inspect(name)
  if (process.env.LOOK) await who.page.screenshot({ path: `${process.env.LOOK}/${name}.png`, fullPage: true })
}

// ---- three dossiers, as far as the signatory ----
const api = await town.api(account)
const officer = Object.fromEntries(await Promise.all(['one-stop', 'specialist'].map(async (role) => [role, await town.api(town.account(role, ward))])))
const codes = []
for (const copies of [1, 2, 3]) {
  const { body } = await api.post('/api/v1/cases', { service: SERVICE, unit: ward, form: { copies } }, 201)
  for (const [action, role] of [['receive', 'one-stop'], ['hand-over', 'one-stop'], ['assign', 'specialist'], ['submit-for-signature', 'specialist']])
    await officer[role].post(`/api/v1/cases/${body.code}/actions/${action}`, {}, 200)
  codes.push(body.code)
}
const [first, second, third] = codes

step('the signing desk signs in one act what was opened, and nothing else', async () => {
  const signatory = await town.person(town.account('signatory', ward), { viewport: DESK })
  await signatory.go('/can-bo/ky-so')
  const { page } = signatory
  for (const code of [first, second]) {
    assert.ok(await page.getByLabel(`Chọn hồ sơ ${code}`).isDisabled(), 'nobody signs what was not opened')
    await page.locator('.signing-row', { hasText: code }).getByRole('button').click()
    await page.getByRole('img', { name: /^Trang 1/ }).locator('canvas').waitFor()
    await page.getByLabel(`Chọn hồ sơ ${code}`).and(page.locator(':checked')).waitFor()
  }
  await look(signatory, 'papers-desk')
  await signatory.press('Ký 2 hồ sơ đã xem')
  await signatory.sees('Đã ký 2 hồ sơ.')
  await page.locator('.signing-row', { hasText: first }).waitFor({ state: 'detached' })
  assert.equal(await page.locator('.signing-row', { hasText: third }).count(), 1)
  await look(signatory, 'papers-signed')
  await signatory.leave()
  for (const [code, n] of [[first, 1], [second, 1], [third, 0]]) assert.equal((await api.get(`/api/v1/cases/${code}`)).body.results.length, n)
})

let lan, link, verify, paper
step('the owner shares a paper: for whom, how long, how often', async () => {
  lan = await town.person(account)
  await lan.go('/kho')
  const card = lan.page.locator('li.card', { hasText: first })
  await card.getByRole('button', { name: /^Chia sẻ/ }).click()
  const dialog = lan.page.getByRole('dialog')
  await dialog.getByLabel(/^Cho ai, để làm gì/).fill('Trường tiểu học, nhập học lớp 1')
  await dialog.getByRole('textbox').nth(2).fill('1')
  await look(lan, 'papers-share')
  await lan.press('Tạo liên kết', 'button', dialog)
  const field = dialog.locator('input[readonly]')
  await field.waitFor()
  link = new URL(await field.inputValue()).pathname
  await look(lan, 'papers-link')
  await lan.page.keyboard.press('Escape')
  await lan.sees(/Đã mở 0 trên 1 lần/)
})

step('a stranger looks without opening, opens once, and then it is over', async () => {
  const stranger = await town.person(null)
  await stranger.go(link)
  await stranger.reads('Giấy tờ được chia sẻ')
  await stranger.sees(/Trường tiểu học, nhập học lớp 1/)
  await stranger.go(link) // to look again costs nothing
  await stranger.sees(/Còn mở được 1 lần/)
  await look(stranger, 'papers-shared')
  verify = await stranger.page.getByRole('link', { name: 'Kiểm tra thật giả' }).getAttribute('href')
  const download = stranger.page.waitForEvent('download')
  await stranger.press('Mở giấy tờ')
  paper = readFileSync(await (await download).path())
  assert.equal(paper.subarray(0, 5).toString(), '%PDF-')
  await stranger.sees('Liên kết không còn dùng được')
  stranger.faults.splice(0, stranger.faults.length, ...stranger.faults.filter((said) => !/ 4(04|10) /.test(said))) // the browser says by itself that the link is gone
  await look(stranger, 'papers-over')
  await stranger.leave()
  await lan.go('/kho')
  await lan.sees(/Đã mở 1 trên 1 lần/)
})

step('anyone proves the paper; a file with one other byte is told from it', async () => {
  const stranger = await town.person(null)
  await stranger.go(verify)
  await stranger.sees('Giấy tờ thật, đang có giá trị')
  const asked = []
  stranger.page.on('request', (request) => asked.push(request.url()))
  await stranger.page.getByLabel(/^Tệp cần so/).setInputFiles({ name: 'giay-to.pdf', mimeType: 'application/pdf', buffer: paper })
  await stranger.page.locator('#same').waitFor()
  const altered = Buffer.from(paper)
  altered[altered.length >> 1] ^= 1
  const dropped = await stranger.page.evaluateHandle((data) => {
    const given = new DataTransfer()
    given.items.add(new File([Uint8Array.from(atob(data), (c) => c.charCodeAt(0))], 'altered.pdf', { type: 'application/pdf' }))
    return given
  }, altered.toString('base64'))
  await stranger.page.dispatchEvent('#compare', 'drop', { dataTransfer: dropped })
  await stranger.page.locator('#other').waitFor()
  assert.ok(await stranger.page.locator('#same').isHidden())
  assert.deepEqual(asked, [], 'the file went nowhere')
  await look(stranger, 'papers-altered')
  await stranger.leave()
})

step('who looked is proven row by row in the owner’s own browser', async () => {
  const auditor = await town.api(town.account('auditor'))
  await auditor.post('/api/v1/vault/roots', undefined, 201)
  await lan.go('/kho')
  await lan.press('Tự kiểm chứng nhật ký')
  await lan.sees(/dòng còn nguyên vẹn, khớp với bản chốt/)
  await look(lan, 'papers-proven')
})

step('a row that is told otherwise than it was logged is found', async () => {
  await lan.page.route(/\/api\/v1\/vault\/access-log(\?|$)/, async (route) => {
    const reply = await route.fetch(), body = await reply.json()
    const row = body.items.at(-1)
    row.leaf.text = row.leaf.text.replace(/.$/s, (last) => (last === '}' ? ' }' : ' '))
    await route.fulfill({ response: reply, json: body })
  })
  await lan.go('/kho')
  await lan.press('Tự kiểm chứng nhật ký')
  await lan.sees('Nhật ký không khớp với bản chốt đã công bố.')
  await look(lan, 'papers-broken')
  await lan.leave()
})
