// The counter's camera: an identity card is read from its code, a paper is taken page by page. The camera is the browser's
// pretended one, which plays a film of a card's code; all behind it is real.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { accounts, demoCity, folder } from '../api/harness.mjs'
import { DESK, Town } from './browser.mjs'

const WIDTH = 640, HEIGHT = 480, FRAMES = 4

/** The squares of a QR code, by the library that prints them on papers. */
function squares(text) {
  const said = execFileSync('python3', ['-c', `
import ctypes, sys
class Code(ctypes.Structure): _fields_ = [('version', ctypes.c_int), ('width', ctypes.c_int), ('data', ctypes.POINTER(ctypes.c_ubyte))]
lib = ctypes.CDLL('libqrencode.so.4'); lib.QRcode_encodeString8bit.restype = ctypes.POINTER(Code)
code = lib.QRcode_encodeString8bit(sys.argv[1].encode(), 0, 1).contents
for y in range(code.width): print(''.join(str(code.data[y * code.width + x] & 1) for x in range(code.width)))
`, text], { encoding: 'utf8' })
  return said.trim().split('\n')
}

/** A film (YUV 4:2:0) of one picture: the code on white. */
function film(path, rows) {
  const size = Math.floor((HEIGHT - 60) / rows.length), left = Math.floor((WIDTH - size * rows.length) / 2), top = Math.floor((HEIGHT - size * rows.length) / 2)
  const light = Buffer.alloc(WIDTH * HEIGHT, 235), colour = Buffer.alloc((WIDTH * HEIGHT) / 2, 128)
  rows.forEach((row, y) => [...row].forEach((square, x) => {
    if (square === '1') for (let dy = 0; dy < size; dy++) light.fill(16, (top + y * size + dy) * WIDTH + left + x * size, (top + y * size + dy) * WIDTH + left + (x + 1) * size)
  }))
  const frame = Buffer.concat([Buffer.from('FRAME\n'), light, colour])
  writeFileSync(path, Buffer.concat([Buffer.from(`YUV4MPEG2 W${WIDTH} H${HEIGHT} F10:1 Ip A1:1 C420jpeg\n`), ...Array(FRAMES).fill(frame)]))
}

const lan = accounts(demoCity()).find((a) => a.role === 'citizen')
const path = join(folder(), 'card.y4m')
const flags = ['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream', `--use-file-for-fake-video-capture=${path}`]
film(path, squares(`${lan.user}||${lan.name}|15081980|Nữ|12 Lê Lợi, phường Bến Thành|10062021||`))
const town = await Town.open({ flags })
const step = town.story()
const [ward] = [...new Set(town.accounts.filter((a) => a.role === 'one-stop').map((a) => a.unit))]
const look = async (who, name) => {
  await who.inspect(name)
  if (process.env.LOOK) await who.page.screenshot({ path: `${process.env.LOOK}/${name}.png`, fullPage: true })
}

let desk
step('a card before the camera finds who it belongs to', async () => {
  desk = await town.person(town.account('one-stop', ward), { viewport: DESK })
  await desk.go('/can-bo/tiep-nhan')
  await desk.press('Quét bằng máy ảnh')
  await desk.page.locator('#service').waitFor()
  await desk.sees(lan.name)
  await desk.sees('Thẻ ghi khác với cơ sở dữ liệu') // the card's birthday was made up
  await look(desk, 'camera-card')
})

step('a paper is taken page by page, turned, and handed in as one PDF', async () => {
  const { page } = desk
  await page.locator('#service').fill('1.001193')
  await page.waitForFunction(() => document.querySelectorAll('[role=option]').length === 1)
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: /^Chụp bằng máy ảnh: / }).first().click()
  const dialog = page.getByRole('dialog')
  await desk.sees('Đã chụp 0 trang.', dialog)
  await desk.press('Chụp trang', 'button', dialog)
  await desk.sees('Đã chụp 1 trang.', dialog)
  await dialog.getByLabel('Chỉ lấy phần trong khung giấy A4').check()
  await desk.press('Chụp trang', 'button', dialog)
  await desk.press('Chụp trang', 'button', dialog)
  await desk.sees('Đã chụp 3 trang.', dialog)
  await desk.press('Xoay: Trang 2', 'button', dialog)
  await dialog.locator('li:nth-child(2) img').evaluate((picture) => new Promise((turned) => {
    const look = () => (picture.naturalWidth > picture.naturalHeight ? turned() : requestAnimationFrame(look))
    look()
  }))
  await desk.press('Bỏ: Trang 3', 'button', dialog)
  await desk.sees('Đã chụp 2 trang.', dialog)
  await look(desk, 'camera-pages')
  const sent = page.waitForResponse((reply) => reply.url().endsWith('/api/v1/documents') && reply.request().method() === 'POST')
  await desk.press('Dùng 2 trang này', 'button', dialog)
  const paper = await (await sent).json()
  await desk.sees(/Đã gửi: .*\.pdf/)
  await look(desk, 'camera-sent')
  assert.equal(paper.media_type, 'application/pdf')

  const api = await town.api(desk.account)
  const pdf = join(folder(), 'taken.pdf')
  writeFileSync(pdf, (await api.get(`/api/v1/documents/${paper.id}/content`)).bytes)
  assert.match(execFileSync('qpdf', ['--check', pdf], { encoding: 'utf8' }), /No syntax or stream encoding errors found/)
  const boxes = [...execFileSync('pdfinfo', ['-l', '2', pdf], { encoding: 'utf8' }).matchAll(/^Page +\d size: +([\d.]+) x ([\d.]+)/gm)].map(([, w, h]) => w > h)
  assert.equal(boxes.length, 2)
  await desk.leave()
})
