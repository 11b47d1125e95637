// The national catalogue: what an import makes of it, that citizens can apply for it at once, and that a newer catalogue
// becomes dated new versions. The procedures here are made up; the real file is used where it lies beside the checkout.
import assert from 'node:assert/strict'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { defer, folder, motcua, ROOT, Server } from './harness.mjs'
import { BIRTH, file, play, Town, upload } from './town.mjs'

const MANNERS = 'Hình thức nộpThời gianPhí, lệ phíMô tả'
const TABLE = 'Tên giấy tờMẫu đơn, tờ khaiSố lượng'
const row = (code, name, level, more) => ({
  ma_thu_tuc: code, ten_thu_tuc: name, so_quyet_dinh: '1/QĐ-THU', cap_thuc_hien: level, linh_vuc: 'Hộ tịch', doi_tuong_thuc_hien: 'Công dân Việt Nam',
  trinh_tu_thuc_hien: 'Bước 1: Nộp hồ sơ.', cach_thuc_thuc_hien: `${MANNERS}Trực tuyến3 Ngày làm việc8,000 Việt Nam ĐồngTrực tiếp3 Ngày làm việc8,000 Việt Nam Đồng`,
  thanh_phan_ho_so: `--${TABLE}Tờ khai theo Mẫu số 01.docx1 bản chínhThẻ căn cước của người nộp1 bản chínhBản vẽ vị trí1 bản chính,1 bản sao`,
  can_cu_phap_ly: 'Tên văn bản pháp lýMã văn bảnLuật Hộ tịch60/2014/QH13', ket_qua_xu_ly: 'Giấy xác nhận thửMã: KQ.G15.009901Từ khóaKhông có thông tin', ...more,
})
const TREE = '1.999001', LAND = '1.999002', MINISTRY = '1.999003', LOST = '1.999004'
const rows = [
  row(TREE, 'Cấp lại giấy xác nhận cây cổ thụ', 'Cấp xã'),
  row(LAND, 'Thử đăng ký đất hai trường hợp', 'Cấp tỉnh', {
    linh_vuc: 'Đất đai', doi_tuong_thuc_hien: 'Công dân Việt Nam, Doanh nghiệp', cach_thuc_thuc_hien: `${MANNERS}Trực tiếp10 NgàyMiễn phí`,
    thanh_phan_ho_so: `a) Đối với lần đầu:${TABLE}Hợp đồng1 bản chínhb) Đối với lần sau:${TABLE}Giấy chứng nhận đã cấp1 bản chính`,
  }),
  row(MINISTRY, 'Thủ tục chỉ của bộ', 'Cấp bộ'),
  row(LOST, 'Thủ tục mất đơn vị thời gian', 'Cấp xã', { cach_thuc_thuc_hien: `${MANNERS}Trực tuyến125 VNĐTrực tiếp3 NgàyMiễn phí(mức 50.000 đồng)` }),
  row(BIRTH, 'Đăng ký khai sinh theo danh mục', 'Cấp xã'),
]

const drafts = folder()
function catalogue(name, list, zip) {
  const path = join(drafts, name), text = list.map((r) => (typeof r === 'string' ? r : JSON.stringify(r))).join('\n')
  writeFileSync(path, zip ? gzipSync(text) : text)
  return path
}
const first = catalogue('first.ndjson.gz', [...rows, '{"ma_thu_tuc": ', '[1]'], true)
let said
const town = await Town.open({ prepare: (data) => (said = motcua('import-catalogue', '--data', data, first)) })
const ward = town.wards[0]
const lan = await town.citizen(0)
const service = async (code) => (await town.stranger.get(`/api/v1/services/${code}`)).body
let old

test('the import says what it made, and passes over what is no procedure', () => {
  assert.match(said, /5 thủ tục, trong đó 4 của cấp tỉnh hoặc cấp xã/)
  assert.match(said, /2 dòng không dùng được/)
  assert.match(said, /4 mới, 0 thay đổi, 0 như cũ, 1 do thành phố tự làm/)
  assert.match(said, /thời hạn +\d+ \/ \d+/)
})

test('a service says all that the catalogue says', async () => {
  const tree = await service(TREE)

  assert.equal(tree.name, 'Cấp lại giấy xác nhận cây cổ thụ')
  assert.equal(tree.level, 'full')
  assert.deepEqual(tree.agency_levels, ['commune'])
  assert.equal(tree.decision, '1/QĐ-THU')
  assert.deepEqual(tree.manners[0], { channel: 'online', case: null, limit: { value: 3, unit: 'working-day' }, fees: [{ amount: 8000, text: '8,000 Việt Nam Đồng' }] })
  assert.deepEqual(tree.papers.map((p) => [p.originals, p.copies, p.to, p.form, p.satisfied_by]), [[1, 0, 'submit', '01', []], [1, 0, 'submit', null, ['registry:person']], [1, 1, 'submit', null, []]])
  assert.deepEqual(tree.results, [{ code: 'KQ.G15.009901', title: 'Giấy xác nhận thử' }])
  assert.deepEqual(tree.legal, [{ number: '60/2014/QH13', title: 'Luật Hộ tịch' }])
  assert.equal(tree.flow, 'one-stop-direct')
  assert.deepEqual(tree.unsure, [])
  assert.ok(tree.in_force.from)
})

test('what it does not say is marked, not guessed', async () => {
  const lost = await service(LOST)

  assert.equal(lost.manners[0].limit, null)
  assert.equal(lost.manners[0].fees[0].amount, null)
  assert.equal(lost.manners[1].fees[0].amount, null)
  for (const pointer of ['/manners/0/limit', '/manners/0/fees/0/amount', '/manners/1/fees/0/amount']) assert.ok(lost.unsure.includes(pointer), pointer)
})

test("the city's own service of the same code stays", async () => {
  assert.equal((await service(BIRTH)).name, 'Đăng ký khai sinh')
})

test('it is found without diacritics, and who takes it is known', async () => {
  const found = async (query) => (await town.stranger.all(`/api/v1/services?${query}`)).map((s) => s.code)

  assert.deepEqual(await found('q=cay%20co%20thu'), [TREE])
  assert.ok((await found(`unit=${ward}`)).includes(TREE))
  assert.ok(!(await found(`unit=${ward}`)).includes(LAND))
  const takers = (await town.stranger.get(`/api/v1/units?service=${LAND}`)).body.items
  assert.deepEqual(takers.map((u) => u.name), ['Sở Nông nghiệp và Môi trường'])
})

test('a citizen applies: prefilled, not asked for what the city knows, with a result in the vault', async () => {
  const { schema, data, locked, papers } = (await lan.get(`/api/v1/services/${TREE}/form`)).body
  const drawing = papers.find((p) => p.required && !p.source)

  assert.equal(data.applicant.number, lan.party.number)
  assert.ok(locked.includes('/applicant/full_name'))
  assert.ok(schema.properties.declaration.properties.document, 'a paper given before is asked about')
  assert.equal(papers.find((p) => p.kind === 'identity-paper').source, 'registry')
  assert.equal(papers.filter((p) => p.required && !p.source).length, 1, 'the form stands for its own paper')
  const form = { declaration: { request: 'Cấp lại vì mất', reason: 'Mất' } }
  assert.equal((await lan.post('/api/v1/cases', { service: TREE, unit: ward, form }, 422)).body.code, 'paper-missing')
  const filed = await file(lan, ward, { service: TREE, form, papers: [{ kind: drawing.kind, document: (await upload(lan)).id }] })
  assert.deepEqual(filed.fee, { amount: 8000, state: 'due' })
  const done = await play(town, filed.code, ward)
  assert.equal(done.results.length, 1)
  assert.equal(done.results[0].document.title, 'Giấy xác nhận thử')
  assert.ok((await lan.get('/api/v1/vault')).body.documents.some((d) => d.case === filed.code))
  assert.match((await town.stranger.get(`/verify/${done.results[0].verify_code}`)).text, /đang có giá trị/)
  old = filed.code
})

test('the papers of a case are asked of those whose case it is', async () => {
  const unit = (await town.stranger.get(`/api/v1/units?service=${LAND}`)).body.items[0].code
  const { schema, papers } = (await lan.get(`/api/v1/services/${LAND}/form`)).body
  const declaration = { request: 'Đăng ký' }

  assert.equal((await service(LAND)).level, 'partial')
  assert.deepEqual(schema.properties.case.oneOf.map((c) => c.title), ['a) Đối với lần đầu', 'b) Đối với lần sau'])
  assert.ok(schema.properties.organisation)
  await lan.post('/api/v1/cases', { service: LAND, unit, form: { declaration } }, 422)
  await lan.post('/api/v1/cases', { service: LAND, unit, form: { declaration, case: '1' }, papers: [{ kind: papers[1].kind, document: (await upload(lan)).id }] }, 422)
  const filed = await file(lan, unit, { service: LAND, form: { declaration, case: '2' }, papers: [{ kind: papers[1].kind, document: (await upload(lan)).id }] })
  const done = await play(town, filed.code, unit)
  assert.equal(done.status, 10)
})

test('what only a ministry decides is shown, and cannot be applied for here', async () => {
  assert.equal((await service(MINISTRY)).level, 'information')
  assert.equal((await lan.post('/api/v1/cases', { service: MINISTRY, unit: ward, form: {} }, null)).body.code, 'service-closed')
})

test('the same file twice writes nothing; a newer one becomes new versions, and says what changed', async () => {
  const { data } = town.server
  await town.server.stop()
  assert.match(motcua('import-catalogue', '--data', data, first), /0 mới, 0 thay đổi, 4 như cũ, 1 do thành phố/)

  const newer = catalogue('newer.ndjson', [
    row(TREE, 'Cấp lại giấy xác nhận cây cổ thụ', 'Cấp xã', {
      cach_thuc_thuc_hien: `${MANNERS}Trực tuyến2 Ngày làm việcMiễn phí`,
      thanh_phan_ho_so: `--${TABLE}Tờ khai theo Mẫu số 01.docx1 bản chínhẢnh chụp cây2 bản chính`,
    }), rows[2], rows[3], rows[4],
  ])
  const told = motcua('import-catalogue', '--data', data, '--complete', newer)
  assert.match(told, /0 mới, 1 thay đổi, 2 như cũ, 1 do thành phố/)
  assert.match(told, new RegExp(`${TREE} thay đổi`))
  assert.match(told, /Thời hạn: 3 working-day → 2 working-day/)
  assert.match(told, /Phí, lệ phí: - 8000/)
  assert.match(told, /Giấy tờ: - Bản vẽ vị trí/)
  assert.match(told, /Giấy tờ: \+ Ảnh chụp cây/)
  assert.match(told, new RegExp(`${LAND} hết hiệu lực`))

  const again = await Server.start(data)
  defer(() => again.stop())
  const ask = async (path, headers) => (await again.send('GET', path, { headers })).body
  const tree = await ask(`/api/v1/services/${TREE}`)
  assert.deepEqual(tree.manners.map((m) => m.limit.value), [2])
  assert.ok((await ask(`/api/v1/services/${LAND}`)).in_force.to)
  const { token } = (await again.send('POST', '/api/v1/sessions', { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(lan.account) })).body
  const kept = await ask(`/api/v1/cases/${old}`, { Authorization: `Bearer ${token}` })
  assert.ok(kept.papers.some((p) => p.title === 'Bản vẽ vị trí'), 'a case keeps the version it was filed under')
})

test('a bad file is refused in words', () => {
  assert.throws(() => motcua('import-catalogue', '--data', town.server.data, join(drafts, 'nowhere')), /nowhere/)
  writeFileSync(join(drafts, 'cut.gz'), gzipSync(JSON.stringify(rows[0])).subarray(0, 60))
  assert.throws(() => motcua('import-catalogue', '--data', town.server.data, join(drafts, 'cut.gz')), /cut\.gz/)
  assert.match(motcua('import-catalogue', '--dry-run', first), /5 thủ tục/)
})

const real = process.env.MOTCUA_CATALOGUE ?? join(ROOT, '../shared/data/procedures/national-2026.ndjson.gz')
test('the real catalogue: 1,601 services to apply for', { skip: !existsSync(real) && 'the national catalogue is not beside the checkout (MOTCUA_CATALOGUE)' }, async () => {
  const city = await Town.open({ prepare: (data) => (said = motcua('import-catalogue', '--data', data, real)) })
  assert.match(said, /2642 thủ tục, trong đó 1601/)
  const all = await city.stranger.all('/api/v1/services')
  const open = all.filter((s) => s.level !== 'information')
  assert.ok(open.length >= 1601 && all.length >= 2642)
  const minh = await city.citizen(1)

  // None of them is worked out by hand: their forms are made.
  for (const code of ['1.003471', '1.000419', '1.000893', '2.001333', '1.008759', '1.006391', '1.014779']) {
    const { schema, papers } = (await minh.get(`/api/v1/services/${code}/form`)).body
    const unit = (await city.stranger.get(`/api/v1/units?service=${code}&limit=200`)).body.items.find((u) => city.has('signatory', u.code)).code
    const form = { declaration: { request: 'Đề nghị giải quyết' }, ...(schema.properties.case && { case: '1' }) }
    const handed = []
    for (const p of papers) handed.push({ kind: p.kind, document: (await upload(minh)).id })
    const filed = await file(minh, unit, { service: code, form, papers: handed })
    const done = await play(city, filed.code, unit)
    assert.equal(done.results.length, 1, code)
  }
})
