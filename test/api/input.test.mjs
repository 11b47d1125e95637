// Bad input: what is sent is read strictly, refused with its reason, and never breaks the server.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EXTRACT, file, Town } from './town.mjs'

const town = await Town.open()
const ward = town.wards[0]
const lan = await town.citizen(0)
const JSON_TYPE = { 'Content-Type': 'application/json' }
const whole = { service: EXTRACT, unit: ward, form: { copies: 2 } }
const text = JSON.stringify(whole)
const deep = (n) => '['.repeat(n) + ']'.repeat(n)

const bodies = [
  // [body, status, code, why]
  ['', 422, 'invalid-input', 'nothing: every required field is told'],
  ['{', 400, 'json-syntax', 'half an object'],
  ['null', 422, null, 'no object'],
  ['[]', 422, null, 'a list'],
  ['"text"', 422, null, 'a string'],
  [`${text} `, 201, null, 'space behind is no harm'],
  [`${text}x`, 400, 'json-syntax', 'something behind'],
  [`${text}${text}`, 400, 'json-syntax', 'two documents'],
  [text.replace('"unit"', '"service":"2.000635","unit"'), 400, 'json-duplicate-key', 'a key twice'],
  [text.replace('"copies":2', '"copies":2,"copies":3'), 400, 'json-duplicate-key', 'a key twice, deeper'],
  [text.replace('"copies":2', '"copies":2,"c\\u006fpies":3'), 400, 'json-duplicate-key', 'a key twice, written in two ways'],
  [text.replace('{"service"', '{"colour":"red","service"'), 422, 'invalid-input', 'a field that is not'],
  [`{"service":${deep(65)}}`, 400, 'json-too-deep', 'too deep'],
  [deep(100_000), 400, 'json-too-deep', 'very deep'],
  [`{"service":"${'x'.repeat(1 << 20)}"}`, 413, 'body-too-large', 'more than a mebibyte'],
  [text.replace('2.000635', '2.000635\\u0000'), null, null, 'a NUL'],
  [text.replace('2.000635', '2\\ud800'), 400, 'json-syntax', 'half a surrogate'],
  [Buffer.concat([Buffer.from('{"service":"'), Buffer.from([0xff, 0xfe]), Buffer.from('"}')]), 400, 'json-syntax', 'no UTF-8'],
  [Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(text)]), 400, 'json-syntax', 'a byte order mark'],
  [text.replace(':2}', ':NaN}'), 400, 'json-syntax', 'no number'],
  [text.replace(':2}', ':1e400}'), 400, 'json-syntax', 'a number beyond numbers'],
  [text.replace(':2}', `:${'9'.repeat(400)}}`), null, null, 'a very long number'],
  [text.replace(':2}', ':2.5}'), 422, 'form-invalid', 'half a copy'],
  [text.replace(`"${ward}"`, '5'), 422, 'invalid-input', 'a number for a text'],
  [text.replace('{"copies":2}', '"yes"'), 422, 'invalid-input', 'a text for an object'],
  [text.replace(ward, "' OR 1=1 --"), 422, null, 'the old trick'],
  [text.replace(/\}$/, `,"papers":[${'{},'.repeat(200)}{}]}`), 422, 'invalid-input', 'more papers than can be'],
  [text.replace(/\}$/, ',"delivery":"pigeon"}'), 422, 'invalid-input', 'a way that is none'],
  [text.replace(/\}$/, ',"on_behalf_of":"079"}'), null, null, 'somebody who is not'],
]
for (const [body, status, code, why] of bodies)
  test(`a body: ${why} → ${status ?? '4xx'}`, async () => {
    const reply = await lan.post('/api/v1/cases', body, null, JSON_TYPE)
    if (status) assert.equal(reply.status, status, reply.text.slice(0, 500))
    else assert.ok(reply.status >= 400 && reply.status < 500, `${reply.status} ${reply.text.slice(0, 500)}`)
    if (code) assert.equal(reply.body.code, code)
  })

const types = [
  ['application/json', 201],
  ['application/json; charset=utf-8', 201],
  ['APPLICATION/JSON', 201],
  ['application/json; charset=latin1', 415],
  ['text/plain', 415],
  ['application/x-www-form-urlencoded', 415],
  ['multipart/form-data; boundary=x', 415],
  ['application/jsonx', 415],
  [undefined, 415],
]
for (const [type, status] of types)
  test(`Content-Type ${type} → ${status}`, async () => {
    const reply = await lan.post('/api/v1/cases', text, null, type ? { 'Content-Type': type } : {})
    assert.equal(reply.status, status)
    if (status === 415) assert.equal(reply.body.code, 'media-type')
  })

test('every wrong field is told at once, with its place', async () => {
  const { body } = await lan.post('/api/v1/cases', { service: 5, form: [], papers: {}, colour: 1 }, 422)
  assert.deepEqual(body.errors.map((e) => e.pointer).sort(), ['/colour', '/form', '/papers', '/service', '/unit'])
})

test('a problem does not repeat what is sensitive', async () => {
  const secret = '079999999999'
  for (const body of [{ ...whole, on_behalf_of: secret }, { ...whole, form: { subject_number: `${secret}9` } }]) {
    const { text: said } = await lan.post('/api/v1/cases', body, null)
    assert.ok(!said.includes(secret), said)
  }
})

test('a body where none is taken', async () => {
  const reply = await lan.ask('GET', '/api/v1/me', '{}', null, { ...JSON_TYPE, 'Content-Length': '2', Connection: 'close' })
  assert.equal(reply.status, 413)
})

const addresses = [
  // [path, status]
  ['/api/v1/cases?limit=x', 400],
  ['/api/v1/cases?limit=-1', 400],
  ['/api/v1/cases?limit=99999999999999999999', 400],
  ['/api/v1/cases?cursor=%00', 400],
  ['/api/v1/cases?cursor=AAAA', 400],
  ['/api/v1/cases?cursor=' + 'A'.repeat(2000), 400],
  ['/api/v1/cases?status=1&status=2', 400],
  ['/api/v1/cases?q=%ff%fe', 400],
  ['/api/v1/cases?q=%', 400],
  ['/api/v1/cases?nothing=1', 400],
  [`/api/v1/cases?${Array.from({ length: 40 }, (_, i) => `a${i}=1`).join('&')}`, 400],
  ['/api/v1/cases/%00', 400],
  ['/api/v1/cases/%zz', 400],
  ['/api/v1/cases/..%2f..%2fetc%2fpasswd', 404],
  ['/api/v1/cases/' + 'x'.repeat(4000), 404],
  ['/api/v1/services/2.000635%27--', 404],
  ['/api/v1/documents/9223372036854775808', 404],
  ['/api/v1/documents/1e3', 404],
  ['/api/v1/documents/+1', 404],
  ['/api/v1/registries/sqlite_master/records', 404],
  ['/api/v1/registries/person/records/%27%3B%20DROP%20TABLE', null],
  ['/api/v1//cases', 404],
  ['/api/v1/cases/', null],
  ['/../../etc/passwd', null],
  ['/api/v1/track/x?pin=' + '1'.repeat(50), null],
]
for (const [path, status] of addresses)
  test(`GET ${path.slice(0, 60)} → ${status ?? '4xx'}`, async () => {
    const reply = await lan.get(path, null)
    if (status) assert.equal(reply.status, status, reply.text.slice(0, 300))
    else assert.ok(reply.status >= 400 && reply.status < 500, String(reply.status))
  })

test('cursors of one list do not open another', async () => {
  for (let i = 0; i < 3; i++) await file(lan, ward)
  const { next } = (await lan.get('/api/v1/cases?limit=1')).body
  assert.ok(next)
  await town.stranger.get(`/api/v1/units?cursor=${encodeURIComponent(next)}`, null).then((r) => assert.ok([200, 400].includes(r.status)))
  await lan.get(`/api/v1/cases?cursor=${encodeURIComponent(next.slice(0, -1) + (next.endsWith('A') ? 'B' : 'A'))}`, 400)
  await lan.get(`/api/v1/notices?cursor=${encodeURIComponent(next)}`, 400)
})

test('any text that can be typed can be kept: marks, scripts, emoji, quotes', async () => {
  const purpose = 'Xin “học bổng” <b>\'"&;--</b> 𠮷 👩‍👩‍👧 ngày 1\tdòng\nhai Tiếng'
  const { code } = await file(lan, ward, { form: { copies: 1, purpose } })
  assert.equal((await lan.get(`/api/v1/cases/${code}`)).body.form.purpose, purpose.normalize('NFC'))
})

test('after all of this the house stands', async () => {
  await town.stranger.get('/readyz', 200)
})
