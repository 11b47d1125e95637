// A real S3 server of one's own (s3rver), and before it a front that checks signatures and digests as Amazon's does
// (s3rver knows only the old ones), and that can be told to misbehave.
import { createHash, createHmac } from 'node:crypto'
import { execFileSync } from 'node:child_process'
import { createServer as plainServer, request } from 'node:http'
import { createServer as tlsServer } from 'node:https'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import S3rver from 's3rver'
import { defer, folder } from './harness.mjs'

export const KEYS = { AWS_ACCESS_KEY_ID: 'S3RVER', AWS_SECRET_ACCESS_KEY: 'S3RVER' }
export const BUCKET = 'papers'

const sha256 = (data) => createHash('sha256').update(data).digest('hex')
const hmac = (key, text) => createHmac('sha256', key).update(text).digest()

/** AWS Signature 4 of a request, over again: whether it was made with the right key over this very body. */
function isSigned(q, body) {
  const auth = /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=(\w+)$/.exec(q.headers.authorization ?? '')
  if (!auth || auth[1] !== KEYS.AWS_ACCESS_KEY_ID) return false
  const [, , day, region, signed, signature] = auth
  const digest = q.headers['x-amz-content-sha256']
  if (digest !== sha256(body) || !signed.split(';').includes('x-amz-content-sha256') || !signed.split(';').includes('host')) return false
  const [path, query = ''] = q.url.split('?')
  const canonical = [q.method, path, query.split('&').sort().join('&'),
    ...signed.split(';').map((name) => `${name}:${q.headers[name].trim()}`), '', signed, digest].join('\n')
  const at = q.headers['x-amz-date']
  const key = [region, 's3', 'aws4_request'].reduce(hmac, hmac(`AWS4${KEYS.AWS_SECRET_ACCESS_KEY}`, day))
  const text = ['AWS4-HMAC-SHA256', at, `${day}/${region}/s3/aws4_request`, sha256(canonical)].join('\n')
  return Math.abs(Date.parse(at.replace(/(\d{4})(\d\d)(\d\dT\d\d)(\d\d)(\d\dZ)/, '$1-$2-$3:$4:$5')) - Date.now()) < 900_000 &&
    hmac(key, text).toString('hex') === signature
}

export class Bucket {
  /** What the front does to a request: ({ method, path }) → a name below, or undefined to pass it on. */
  trouble = () => undefined
  asked = [] // { method, path, range }

  static async start({ tls } = {}) {
    const b = new Bucket()
    b.folder = folder('motcua-s3-')
    b.real = new S3rver({ address: '127.0.0.1', port: 0, silent: true, directory: b.folder, configureBuckets: [{ name: BUCKET }] })
    const address = await b.real.run()
    b.port = address.port
    b.front = (tls ? tlsServer.bind(null, tls) : plainServer)((q, r) => b.#serve(q, r))
    await b.open()
    defer(async () => {
      await b.shut()
      await b.real.close()
    })
    return b
  }

  /** Listens (again) on the same port. */
  async open() {
    await new Promise((resolve) => this.front.listen(this.at ?? 0, '127.0.0.1', resolve))
    this.at = this.front.address().port
  }
  async shut() {
    if (!this.front.listening) return
    this.front.closeAllConnections()
    await new Promise((resolve) => this.front.close(resolve))
  }

  place(more = '', scheme = 'http') {
    return `s3://${BUCKET}/city?endpoint=${scheme}://127.0.0.1:${this.at}${more}`
  }
  /** The file in which the real server keeps an object. */
  file(key) {
    return join(this.folder, BUCKET, `city/${key}._S3rver_object`)
  }
  count(method, part = '') {
    return this.asked.filter((a) => a.method === method && a.path.includes(part)).length
  }

  #serve(q, r) {
    const seen = { method: q.method, path: q.url, range: q.headers.range }
    this.asked.push(seen)
    const what = this.trouble(seen)
    if (what === 'hang') return // never an answer
    if (what === 'full') return q.resume().on('end', () => r.writeHead(507).end())
    if (what === 'quota') return q.resume().on('end', () => r.writeHead(403).end('<Error><Code>QuotaExceeded</Code></Error>'))
    if (what === 'broken') return q.resume().on('end', () => r.writeHead(500).end('<Error><Code>InternalError</Code></Error>'))
    if (what === 'forget') return q.resume().on('end', () => r.writeHead(200).end()) // says it kept it
    if (what === 'cut-upload') return q.once('data', () => q.destroy())
    if (what === 'nonsense') return q.resume().on('end', () => r.writeHead(200).end('<ListBucketResult><Contents><Key>city/\0'))
    const body = []
    q.on('data', (part) => body.push(part)).on('end', () => this.#pass(q, r, Buffer.concat(body), what))
  }

  #pass(q, r, body, what) {
    if (!isSigned(q, body)) return r.writeHead(403).end('<Error><Code>SignatureDoesNotMatch</Code></Error>')
    const on = request({ host: '127.0.0.1', port: this.port, method: q.method, path: q.url, headers: q.headers, agent: false }, (back) => {
      r.writeHead(back.statusCode, back.headers)
      let sent = 0
      back.on('data', (part) => {
        if (what === 'lie') part[part.length - 1] ^= 1
        if (what === 'cut-download' && sent + part.length > 40_000) {
          r.write(part.subarray(0, Math.max(40_000 - sent, 1)), () => r.destroy())
          return back.destroy()
        }
        sent += part.length
        r.write(part)
      })
      back.on('end', () => r.end()).on('error', () => {})
    })
    on.on('error', () => r.destroy())
    on.end(body)
  }
}

/** A certificate for 127.0.0.1, signed by an authority of its own: {key, cert, ca}. */
export function certificate() {
  const at = folder('motcua-tls-')
  const openssl = (...args) => execFileSync('openssl', args, { cwd: at, stdio: 'ignore' })
  openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=test authority',
    '-keyout', 'ca.key', '-out', 'ca.pem')
  openssl('req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=store', '-addext', 'subjectAltName=IP:127.0.0.1',
    '-keyout', 'store.key', '-out', 'store.csr')
  openssl('x509', '-req', '-in', 'store.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2', '-copy_extensions', 'copy', '-out', 'store.pem')
  return { key: readFileSync(join(at, 'store.key')), cert: readFileSync(join(at, 'store.pem')), ca: join(at, 'ca.pem') }
}
