// The catalogue of services and the units that take them: public, in two languages, found without diacritics.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { COPY, EXTRACT, PARTIAL, SERVICES, SIGNATURE, Town } from './town.mjs'

const town = await Town.open()
const english = town.stranger.with({ 'Accept-Language': 'en' })
const codes = async (query) => (await town.stranger.all(`/api/v1/services${query && `?${query}`}`)).map((s) => s.code)

const searches = [
  ['ban sao trich luc', [EXTRACT], 'no diacritics'],
  ['bản sao trích lục', [EXTRACT], 'with diacritics'],
  ['BAN SAO TRICH', [EXTRACT], 'in capitals'],
  ['khai sinh', [EXTRACT, '1.001193'], 'two services speak of it'],
  ['2.000635', [EXTRACT], 'by its code'],
  ['khong co thu tuc nao', [], 'nothing'],
]
for (const [q, want, why] of searches)
  test(`search "${q}": ${why}`, async () => {
    const found = await codes(`q=${encodeURIComponent(q)}`)
    if (want.length) for (const code of want) assert.ok(found.includes(code), `${code} is not among ${found}`)
    else assert.deepEqual(found, [])
  })

test('the procedures of the pack are there', async () => {
  assert.deepEqual((await codes('')).sort(), [...SERVICES].sort())
})

test('filters by level, field and unit', async () => {
  assert.deepEqual((await codes('level=partial')).sort(), [...PARTIAL].sort())
  assert.deepEqual(await codes(`field=${encodeURIComponent('Chứng thực')}`), [COPY, SIGNATURE])
  assert.ok((await codes(`unit=${town.wards[0]}`)).includes(EXTRACT))
  assert.ok(!(await codes(`unit=${town.wards[0]}`)).includes('1.012907'), 'a department takes it, no ward')
  assert.deepEqual(await codes('unit=H29.99.9'), [])
  await town.stranger.get('/api/v1/services?level=total', 400)
  await town.stranger.get('/api/v1/services?colour=red', 400)
})

test('page by page one sees the same, each once', async () => {
  const whole = await codes('')
  const paged = (await town.stranger.all('/api/v1/services', 2)).map((s) => s.code)
  assert.deepEqual(paged, whole)
})

test('one service says all that is known of it, in the language asked for', async () => {
  const vi = (await town.stranger.get(`/api/v1/services/${EXTRACT}`)).body
  const en = (await english.get(`/api/v1/services/${EXTRACT}`)).body

  assert.equal(vi.name, 'Cấp bản sao Trích lục hộ tịch, bản sao Giấy khai sinh')
  assert.equal(en.name, 'Copy of a civil-status extract or birth certificate')
  assert.equal(vi.level, 'full')
  assert.deepEqual(vi.agency_levels, ['province', 'commune'])
  assert.deepEqual(vi.manners.map((m) => m.channel), ['online', 'counter', 'post'])
  assert.deepEqual(vi.manners[0].limit, { value: 1, unit: 'same-day' })
  assert.equal(vi.manners[0].fees[0].amount, 8000)
  assert.equal(vi.flow, 'one-stop-direct')
  assert.ok(vi.legal.some((l) => l.number === '60/2014/QH13'))
  assert.deepEqual(vi.papers.find((p) => p.kind === 'identity-paper').satisfied_by, ['registry:person'])
  for (const code of SERVICES) await town.stranger.get(`/api/v1/services/${code}`)
  assert.equal((await town.stranger.get('/api/v1/services/9.999999', 404)).body.code, 'not-found')
})

test('languages: what the header asks for, Vietnamese otherwise', async () => {
  const name = async (language) => (await town.stranger.get(`/api/v1/services/${EXTRACT}`, 200, language ? { 'Accept-Language': language } : {})).body.name
  for (const language of [undefined, 'vi', 'fr', 'vi-VN,vi;q=0.9,en;q=0.8', '*']) assert.match(await name(language), /^Cấp/)
  for (const language of ['en', 'en-GB', 'fr, en;q=0.5', 'vi;q=0.3, en;q=0.9']) assert.match(await name(language), /^Copy/)
})

test('units: the city, its departments, 168 wards and communes, the districts that were', async () => {
  const all = await town.stranger.all('/api/v1/units')
  const of = (...kinds) => all.filter((u) => kinds.includes(u.kind))

  assert.equal(of('city').length, 1)
  assert.ok(of('department').length >= 3)
  const communes = await Promise.all(['ward', 'commune', 'special-zone'].map((kind) => town.stranger.all(`/api/v1/units?kind=${kind}`)))
  assert.equal(communes.flat().length, 168)
  assert.equal(new Set(all.map((u) => u.code)).size, all.length)
  for (const unit of all.filter((u) => u.kind === 'district')) assert.ok(unit.in_force.to, `${unit.name} ended in 2025`)
})

test('where a service may be asked', async () => {
  const birth = await town.stranger.all('/api/v1/units?service=1.001193')
  const extract = await town.stranger.all(`/api/v1/units?service=${EXTRACT}`)

  assert.equal(birth.length, 168)
  assert.equal(extract.length, 169, 'every ward and the Department of Justice')
  assert.deepEqual((await town.stranger.all('/api/v1/units?service=9.999999')), [])
  assert.equal((await town.stranger.all('/api/v1/units?service=1.012907')).length, 1)
})

test('a unit is found without diacritics', async () => {
  const { name } = (await town.stranger.get('/api/v1/units?kind=ward&limit=1')).body.items[0]
  const plain = name.normalize('NFD').replace(/\p{M}/gu, '').replace(/đ/g, 'd').replace(/Đ/g, 'D').toLowerCase()
  const found = await town.stranger.all(`/api/v1/units?q=${encodeURIComponent(plain)}`)
  assert.ok(found.some((u) => u.name === name))
})
