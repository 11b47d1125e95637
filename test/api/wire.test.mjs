// Underneath HTTP: frames that two servers could read in two ways, clients that are slow or never end, and too much of
// anything. Spoken over bare sockets.
import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { describe, test } from 'node:test'
import { Town } from './town.mjs'

const town = await Town.open()
const lan = await town.citizen(0)
const { port } = town.server
const TOKEN = `Authorization: ${lan.headers.Authorization}`

/** The answers one after the other, each as long as it says it is. */
function statusesOf(heard) {
  const statuses = []
  for (let at = 0; heard.startsWith('HTTP/1.1 ', at); ) {
    const body = heard.indexOf('\r\n\r\n', at) + 4
    statuses.push(Number(heard.slice(at + 9, at + 12)))
    at = body < 4 ? heard.length : body + Number(/^Content-Length: (\d+)/im.exec(heard.slice(at, body))?.[1] ?? 0)
  }
  return statuses
}

/** Says the bytes and hears until the other side closes, or until the patience ends. */
function say(parts, patience = 10_000) {
  return new Promise((resolve) => {
    let heard = ''
    const started = Date.now()
    const socket = connect(port, '127.0.0.1')
    const end = (how) => (clearTimeout(timer), socket.destroy(), resolve({ heard, how, after: Date.now() - started, statuses: statusesOf(heard) }))
    const timer = setTimeout(() => end('patience'), patience)
    socket.setEncoding('latin1').on('data', (text) => (heard += text)).on('close', () => end('closed')).on('error', () => end('error'))
    for (const part of [parts].flat()) typeof part === 'function' ? part(socket) : socket.write(part)
  })
}
const lines = (...list) => `${list.join('\r\n')}\r\n\r\n`
const HOST = 'Host: localhost'
const POST = 'POST /api/v1/notices/read-all HTTP/1.1'
const NEXT = lines('GET /api/v1/me HTTP/1.1', HOST, TOKEN, 'Connection: close')

describe('frames', { concurrency: true }, () => {
  const refused = {
    'two lengths': lines(POST, HOST, 'Content-Length: 0', 'Content-Length: 40'),
    'a length and chunks': lines(POST, HOST, 'Content-Length: 4', 'Transfer-Encoding: chunked') + '0\r\n\r\n',
    'chunks and a length': lines(POST, HOST, 'Transfer-Encoding: chunked', 'Content-Length: 4') + '0\r\n\r\n',
    'two encodings': lines(POST, HOST, 'Transfer-Encoding: chunked', 'Transfer-Encoding: identity') + '0\r\n\r\n',
    'an encoding that is not chunks': lines(POST, HOST, 'Transfer-Encoding: gzip, chunked') + '0\r\n\r\n',
    'chunks, misspelt': lines(POST, HOST, 'Transfer-Encoding: xchunked') + '0\r\n\r\n',
    'chunks over HTTP/1.0': lines('POST /api/v1/notices/read-all HTTP/1.0', HOST, 'Transfer-Encoding: chunked') + '0\r\n\r\n',
    'a length that is no number': lines(POST, HOST, 'Content-Length: 4x') + 'abcd',
    'a negative length': lines(POST, HOST, 'Content-Length: -1'),
    'a signed length': lines(POST, HOST, 'Content-Length: +4') + 'abcd',
    'a length beyond numbers': lines(POST, HOST, 'Content-Length: 99999999999999999999999'),
    'two hosts': lines(POST, HOST, 'Host: evil.example'),
    'no host': lines('GET /healthz HTTP/1.1', 'Accept: */*'),
    'a space before the colon': lines(POST, HOST, 'Content-Length : 40'),
    'a bare CR that ends a header': `${POST}\r\n${HOST}\r\nX-Note: a\rContent-Length: 0\r\n\r\n`,
    'a bare CR within a value': lines(POST, HOST, 'X-Note: a\rb', 'Content-Length: 0'),
    'a bare CR after the request line': `${POST}\r${HOST}\r\nContent-Length: 0\r\n\r\n`,
    'a bare CR for the empty line': `${POST}\r\n${HOST}\r\nContent-Length: 0\r\n\r`,
    'no HTTP at all': 'HELO localhost\r\n\r\n',
    'another version': lines('GET /healthz HTTP/3.7', HOST),
    'TLS where none is': Buffer.from([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3, 0, 0x0d, 0x0a, 0x0d, 0x0a]),
  }
  for (const [name, bytes] of Object.entries(refused))
    test(`refused: ${name}`, async () => {
      const { statuses, heard, how } = await say([bytes, NEXT], 8000)
      assert.notEqual(how, 'patience', `the connection stays open: ${heard.slice(0, 300)}`)
      assert.ok(statuses.length <= 1, `answered twice: ${statuses}`)
      assert.ok(!statuses.length || (statuses[0] >= 400 && statuses[0] < 600 && statuses[0] !== 401), `answered ${statuses}`)
    })

  test('a folded header is one header, and its frame is not read in two ways', async () => {
    const { statuses } = await say([lines(POST, HOST, 'Transfer-Encoding:\r\n chunked') + '0\r\n\r\n', NEXT])
    assert.ok(statuses.length <= 1, `answered twice: ${statuses}`)
  })

  test('a bare LF ends a line, as RFC 9112 (2.2) lets it: one request stays one', async () => {
    const { statuses } = await say([`GET /healthz HTTP/1.1\n${HOST}\nX-Note: a\n\n`, NEXT])
    assert.deepEqual(statuses, [200, 200])
  })

  test('an honest pipeline is answered in order', async () => {
    const one = (path) => lines(`GET ${path} HTTP/1.1`, HOST)
    const { statuses } = await say([one('/healthz') + one('/api/v1/nothing') + one('/readyz') + NEXT])
    assert.deepEqual(statuses, [200, 404, 200, 200])
  })

  test('chunks are read', async () => {
    const body = '2\r\n{}\r\n0\r\n\r\n'
    const { statuses } = await say(lines('POST /api/v1/sessions HTTP/1.1', HOST, 'Content-Type: application/json', 'Transfer-Encoding: chunked', 'Connection: close') + body)
    assert.deepEqual(statuses, [422])
  })

  test('nothing that follows chunks on the same connection is a request', async () => {
    for (const body of ['2\r\n{}\r\n0\r\n\r\n', '2;\n{}\r\n0\r\n\r\n']) {
      const { statuses, how } = await say([lines('POST /api/v1/sessions HTTP/1.1', HOST, 'Content-Type: application/json', 'Transfer-Encoding: chunked') + body, NEXT])
      assert.notEqual(how, 'patience')
      assert.deepEqual(statuses, [422], JSON.stringify(body))
    }
  })

  const chunks = { 'no number': 'zz\r\nab\r\n', negative: '-2\r\nab\r\n', 'too large a number': 'ffffffffffffffffff\r\nab', 'longer than it says': '1\r\nabcdef\r\n0\r\n\r\n',
    'a bare CR after the size': '2\r{}\r\n0\r\n\r\n' }
  for (const [name, body] of Object.entries(chunks))
    test(`bad chunks are refused: ${name}`, async () => {
      const { statuses, how } = await say([lines('POST /api/v1/sessions HTTP/1.1', HOST, 'Content-Type: application/json', 'Transfer-Encoding: chunked') + body, NEXT])
      assert.notEqual(how, 'patience')
      assert.ok(statuses.length <= 1 && !(statuses[0] < 400), String(statuses))
    })
})

describe('too much', { concurrency: true }, () => {
  test('a body over the limit is refused on its header, before a byte of it is sent', async () => {
    const { statuses, heard, after } = await say(lines('POST /api/v1/cases HTTP/1.1', HOST, TOKEN, 'Content-Type: application/json', 'Content-Length: 104857600'))
    assert.deepEqual(statuses, [413])
    assert.match(heard, /body-too-large/)
    assert.ok(after < 5000)
  })

  test('with Expect: 100-continue it is not even asked for', async () => {
    const { statuses } = await say(lines('POST /api/v1/cases HTTP/1.1', HOST, TOKEN, 'Content-Type: application/json', 'Content-Length: 104857600', 'Expect: 100-continue'))
    assert.deepEqual(statuses, [413])
  })

  test('chunks without an end stop at the limit', async () => {
    let sent = 0
    const flood = (socket) => {
      const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`
      const pour = () => {
        while (!socket.destroyed && sent < 64 << 20 && socket.write(chunk)) sent += 0x10000
        if (!socket.destroyed && sent < 64 << 20) socket.once('drain', pour)
      }
      pour()
    }
    const { statuses, how } = await say([lines('POST /api/v1/cases HTTP/1.1', HOST, TOKEN, 'Content-Type: application/json', 'Transfer-Encoding: chunked'), flood])
    assert.notEqual(how, 'patience')
    assert.ok(!statuses.length || statuses[0] === 413, String(statuses))
    assert.ok(sent < 32 << 20, `it took ${sent} bytes`)
  })

  for (const [name, header] of [['a long header', `X-Long: ${'x'.repeat(60_000)}`], ['many headers', Array.from({ length: 3000 }, (_, i) => `X-${i}: yes`).join('\r\n')], ['a long cookie', `Cookie: motcua_session=${'f'.repeat(60_000)}`]])
    test(`refused: ${name}`, async () => {
      const { statuses } = await say([lines('GET /api/v1/me HTTP/1.1', HOST, header), NEXT])
      assert.ok(statuses.length <= 1)
      assert.ok(!statuses.length || [400, 413, 431].includes(statuses[0]), String(statuses))
    })

  test('a long address', async () => {
    const { statuses } = await say(lines(`GET /${'x'.repeat(60_000)} HTTP/1.1`, HOST))
    assert.ok(!statuses.length || [400, 404, 414, 431].includes(statuses[0]), String(statuses))
  })

  test('nobody is let in by a token that is none', async () => {
    for (const token of ['', 'x', 'f'.repeat(64), 'F'.repeat(64), `${'f'.repeat(63)}\0`])
      assert.ok([400, 401].includes((await say(lines('GET /api/v1/me HTTP/1.1', HOST, `Authorization: Bearer ${token}`, 'Connection: close'))).statuses[0] ?? 400))
  })
})

describe('slow', { concurrency: true }, () => {
  const trickle = (bytes) => (socket) => {
    let i = 0
    const timer = setInterval(() => (socket.destroyed || i === bytes.length ? clearInterval(timer) : socket.write(bytes[i++])), 400)
    socket.on('close', () => clearInterval(timer))
  }
  const long = `${'X-Slow: yes\r\n'.repeat(50)}`

  test('headers a byte at a time: dropped', async () => {
    const { how, after, statuses } = await say([`GET /api/v1/me HTTP/1.1\r\n${HOST}\r\n`, trickle(long)], 40_000)
    assert.notEqual(how, 'patience')
    assert.ok(after < 35_000)
    assert.ok(!statuses.includes(200))
  })

  test('headers without an end: dropped', async () => {
    const { how, after } = await say([`GET /api/v1/me HTTP/1.1\r\n${HOST}\r\n`, (socket) => {
      const timer = setInterval(() => (socket.destroyed ? clearInterval(timer) : socket.write('X-More: yes\r\n')), 20)
      socket.on('close', () => clearInterval(timer))
    }], 40_000)
    assert.notEqual(how, 'patience')
    assert.ok(after < 35_000)
  })

  test('while a hundred of them wait, others are served', async () => {
    const waiting = Array.from({ length: 100 }, () => connect(port, '127.0.0.1').on('error', () => {}))
    waiting.forEach((s) => s.write(`GET /api/v1/me HTTP/1.1\r\n${HOST}\r\nX-`))
    const started = Date.now()
    for (let i = 0; i < 20; i++) await lan.get('/api/v1/me', 200)
    assert.ok(Date.now() - started < 5000)
    waiting.forEach((s) => s.destroy())
  })

  test('a client that leaves in the middle of its upload is no trouble', async () => {
    for (let i = 0; i < 10; i++) {
      const socket = connect(port, '127.0.0.1').on('error', () => {})
      socket.write(lines('POST /api/v1/documents HTTP/1.1', HOST, TOKEN, 'Content-Type: application/pdf', 'Content-Length: 100000') + '%PDF-1.4 half')
      await new Promise((resolve) => setTimeout(resolve, 20))
      socket.destroy()
    }
    await town.stranger.get('/readyz', 200)
  })
})
