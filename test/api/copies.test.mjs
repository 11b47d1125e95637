// Electronic certified copies (2.000815): scanned at the counter, compared, attested, signed by person and agency, and
// from then on the paper itself for every service.
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { folder } from './harness.mjs'
import { act, birthForm, BIRTH, COPY, file, pdf, PDF, PNG, Town, today, upload, walk } from './town.mjs'

const town = await Town.open()
const [ward] = town.wards
const [lan, minh] = [await town.citizen(0), await town.citizen(1)]
const desk = await town.as('one-stop', ward)
const run = (program, args, input) => execFileSync(program, args, { input, encoding: 'utf8', stdio: ['pipe', 'pipe', 'pipe'], env: { ...process.env, LC_ALL: 'C.UTF-8' } })
const words = (bytes, ...args) => run('pdftotext', ['-layout', ...args, '-', '-'], bytes).normalize('NFC').replace(/\s+/g, ' ')
const pages = (bytes) => Number(/Pages: +(\d+)/.exec(run('pdfinfo', ['-'], bytes))[1])

/** Field and finding of each signature, as poppler sees them. */
function signatures(bytes) {
  const path = join(folder(), 'copy.pdf')
  writeFileSync(path, bytes)
  const { stdout } = spawnSync('pdfsig', ['-nocert', path], { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C.UTF-8' } })
  assert.match(stdout, /Total document signed/)
  return stdout.split(/^Signature #\d+:$/m).slice(1).map((part) => [/Field Name: (.*)/.exec(part)[1], /Signature Validation: (.*)/.exec(part)[1]])
}

/** A copy for Lan, filed at the desk, of what was scanned there. */
async function certify(scan, { document = {}, want = 201, owner = lan, ...type } = {}) {
  const { id } = await upload(desk, scan, type)
  return file(desk, ward, {
    service: COPY, want, on_behalf_of: owner.party.number, channel: 'counter', papers: [{ kind: 'copy-to-certify', document: id }],
    form: { document: { title: 'Giấy chứng sinh số 12', kind: 'birth-notice', ...document }, output: 'electronic' },
  })
}
const content = async (client, id) => (await client.get(`/api/v1/documents/${id}/content`)).bytes
async function issue(...args) {
  const { code } = await certify(...args)
  const done = await walk(town, code, ward, 'approve')
  return { code, done, paper: done.results[0].document, bytes: await content(lan, done.results[0].document.id) }
}

test('the scan, the words behind it, two signatures, a number of the book; it lies in the vault', async () => {
  const { done, paper, bytes } = await issue(pdf('chung sinh'))
  assert.equal(done.status, 9)
  assert.equal(paper.stands_for, 'birth-notice')
  assert.equal(paper.title, 'Bản sao chứng thực từ bản chính: Giấy chứng sinh số 12')
  assert.equal(pages(bytes), 2)
  assert.match(words(bytes, '-l', '1'), /chung sinh/)
  const attested = words(bytes, '-f', '2')
  for (const word of ['Chứng thực bản sao đúng với bản chính', 'Số chứng thực', 'SCT/BS', 'Giấy chứng sinh số 12', 'đối chiếu với bản chính'])
    assert.ok(attested.includes(word), `"${word}" is not attested: ${attested}`)
  assert.deepEqual(signatures(bytes), [['person', 'Signature is Valid.'], ['agency', 'Signature is Valid.']])
  const vault = (await lan.get('/api/v1/vault')).body.documents
  assert.equal(vault.find((d) => d.id === paper.id).title, paper.title)
  assert.equal((await town.stranger.get(`/verify/${paper.verify_code}`, 200, { Accept: 'application/json' })).body.status, 'genuine')
})

test('each original takes the next number', async () => {
  const number = (bytes) => Number(/Số chứng thực: ?(\d+)/.exec(words(bytes, '-f', '2'))[1])
  const [one, two] = [await issue(PDF, { document: { kind: 'other' } }), await issue(PDF, { document: { kind: 'other' } })]
  assert.equal(number(two.bytes), number(one.bytes) + 1)
  assert.equal(one.paper.stands_for, null)
})

test('a picture becomes a page', async () => {
  const png = await issue(PNG, { type: 'image/png', name: 'scan.png', document: { kind: 'other' } })
  assert.equal(pages(png.bytes), 2)
  assert.match(run('pdfimages', ['-list', '-'], png.bytes), /^ +1 +0 image +1 +1 +rgb/m)
  const jpeg = execFileSync('pdftoppm', ['-jpeg', '-r', '60', '-f', '1', '-l', '1', '-'], { input: png.bytes })
  const photo = await issue(jpeg, { type: 'image/jpeg', name: 'photo.jpg', document: { kind: 'other' } })
  assert.match(run('pdfimages', ['-list', '-'], photo.bytes), /^ +1 +0 image .* jpeg /m)
})

test('it stands for the paper in every service, opens there to who works on it, and is not asked again', async () => {
  const held = (await lan.get('/api/v1/vault')).body.documents.find((d) => d.title.endsWith('chứng sinh số 12'))
  const known = (await lan.get(`/api/v1/services/${BIRTH}/form`)).body.papers.find((p) => p.kind === 'birth-notice')
  assert.equal(known.source, 'vault')
  assert.equal(known.held.document, held.id)
  assert.match(known.held.title, /Giấy chứng sinh số 12/)
  const other = (await minh.get(`/api/v1/services/${BIRTH}/form`)).body.papers.find((p) => p.kind === 'birth-notice')
  assert.equal(other.source, null)
  const elsewhere = await town.as('specialist', town.wards[1])
  const { code } = await file(lan, ward, { service: BIRTH, form: birthForm('Nguyễn Thị Bé Sao') })
  await act(desk, code, 'receive')
  await act(desk, code, 'hand-over')
  const specialist = await town.as('specialist', ward)
  await specialist.get(`/api/v1/documents/${held.id}/content`)
  await elsewhere.get(`/api/v1/documents/${held.id}/content`, 404)
  assert.equal((await act(specialist, code, 'request-supplement', { note: 'Thiếu', papers: [{ kind: 'birth-notice' }] }, 422)).code, 'paper-held')
})

test('of a foreign page only what is seen is copied', async () => {
  const text = pdf('xem').toString('latin1')
    .replace('/Contents 4 0 R', '/Contents 4 0 R/Annots[<</Subtype/Link/A<</S/URI/URI(http://x)>>>>]/AA<</O<</S/JavaScript/JS(1)>>>>')
  const { bytes } = await issue(repaired(text), { document: { kind: 'other' } })
  assert.doesNotMatch(bytes.toString('latin1'), /JavaScript|http:\/\/x/)
  assert.match(words(bytes, '-l', '1'), /xem/)
})

/** The table of a PDF whose objects were changed, made anew. */
function repaired(text) {
  const body = text.slice(0, text.indexOf('xref\n'))
  const at = [...body.matchAll(/^(\d) 0 obj$/gm)].map((m) => m.index)
  return Buffer.from(`${body}xref\n0 6\n0000000000 65535 f \n${at.map((n) => `${String(n).padStart(10, '0')} 00000 n \n`).join('')}trailer\n<</Size 6/Root 1 0 R>>\nstartxref\n${body.length}\n%%EOF\n`, 'latin1')
}

test('what cannot be copied leaves the dossier where it was', async () => {
  const broken = { type: 'application/pdf' }
  const cut = await certify(PDF.subarray(0, PDF.length - 40), broken)
  await walk(town, cut.code, ward, 'submit-for-signature')
  const signatory = await town.as('signatory', ward)
  const before = (await signatory.get(`/api/v1/cases/${cut.code}`)).body
  assert.equal((await act(signatory, cut.code, 'approve', {}, 422)).code, 'scan-unfit')
  const after = (await signatory.get(`/api/v1/cases/${cut.code}`)).body
  assert.deepEqual([after.status, after.step.id, after.results], [before.status, 'signing', []])
  await act(signatory, cut.code, 'return-to-step', { note: 'Quét lại' })

  const bomb = Buffer.from(PNG)
  bomb.writeUInt32BE(60000, 16)
  const large = await certify(bomb, { type: 'image/png', name: 'bomb.png' })
  await walk(town, large.code, ward, 'submit-for-signature')
  assert.equal((await act(signatory, large.code, 'approve', {}, 422)).code, 'scan-unfit')

  const old = await certify(PDF, { document: { valid_until: today(-1) } })
  await walk(town, old.code, ward, 'submit-for-signature')
  assert.equal((await act(signatory, old.code, 'approve', {}, 422)).code, 'copy-expired')
  assert.equal((await certify(PDF, { document: { kind: 'anything' }, want: 422 })).code, 'form-invalid')
})

test('it runs out with its original', async () => {
  const { paper } = await issue(PDF, { document: { valid_until: today(30), kind: 'residence-paper' } })
  assert.equal(paper.valid_until.slice(0, 10), today(30))
})
