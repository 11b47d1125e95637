// A certification authority of somebody else, by openssl: certificates, a timestamp authority, a responder (OCSP) and a list
// of what was revoked (CRL), all behind one HTTP server that can be told to be silent, broken, or to talk nonsense.
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'

const CURVE = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']

export class Authority {
  state = 'well'
  asked = { ts: 0, ocsp: 0, crl: 0 }
  #stamps = 0

  static async open(folder) {
    const authority = new Authority()
    authority.folder = folder
    mkdirSync(folder)
    authority.server = createServer((q, r) => authority.#answer(q, r))
    await new Promise((resolve) => authority.server.listen(0, '127.0.0.1', resolve))
    authority.server.unref()
    authority.url = `http://127.0.0.1:${authority.server.address().port}`
    authority.#found()
    return authority
  }

  at(name) {
    return join(this.folder, name)
  }

  run(...args) {
    return execFileSync('openssl', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], cwd: this.folder })
  }

  #found() {
    mkdirSync(this.at('certs'))
    writeFileSync(this.at('index.txt'), '')
    writeFileSync(this.at('index.txt.attr'), 'unique_subject = no\n')
    writeFileSync(this.at('serial'), '1000\n')
    writeFileSync(this.at('ts-serial'), '01\n')
    const places = `authorityInfoAccess=OCSP;URI:${this.url}/ocsp\n`, list = `crlDistributionPoints=URI:${this.url}/crl\n`
    writeFileSync(this.at('ca.cnf'), `[ca]\ndefault_ca=c\n[c]\ndatabase=index.txt\nserial=serial\nnew_certs_dir=certs\ncertificate=root.pem\nprivate_key=root.key
default_md=sha256\ndefault_days=30\ndefault_crl_days=7\npolicy=p\nunique_subject=no\nstring_mask=utf8only\n[p]\ncommonName=supplied\norganizationName=optional
[signer]\nbasicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature,nonRepudiation\n${places}
[listed]\nbasicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature,nonRepudiation\n${list}
[stamper]\nextendedKeyUsage=critical,timeStamping\nkeyUsage=critical,digitalSignature\n${places}${list}
[responder]\nextendedKeyUsage=OCSPSigning\nkeyUsage=critical,digitalSignature\nnoCheck=ignored
[tsa]\ndefault_tsa=t\n[t]\nserial=ts-serial\nsigner_cert=stamper.pem\nsigner_key=stamper.key\nsigner_digest=sha256
default_policy=1.2.3.4\ndigests=sha256\naccuracy=secs:1\nordering=yes\ness_cert_id_chain=no\ness_cert_id_alg=sha256\n`)
    this.run('req', '-x509', ...CURVE, '-keyout', 'root.key', '-out', 'root.pem', '-subj', '/CN=Foreign Root', '-days', '30')
    for (const kind of ['stamper', 'responder']) this.issue(kind, kind)
    this.list()
  }

  /** NAME.key and NAME.pem, of one of the kinds above: where to ask about it is written in it. */
  issue(name, kind) {
    this.run('req', ...CURVE, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}/O=Foreign`)
    this.run('ca', '-batch', '-notext', '-config', 'ca.cnf', '-extensions', kind, '-in', `${name}.csr`, '-out', `${name}.pem`)
    return { key: this.at(`${name}.key`), certificate: this.at(`${name}.pem`) }
  }

  revoke(name) {
    this.run('ca', '-config', 'ca.cnf', '-revoke', `${name}.pem`)
    this.list()
  }

  /** The list anew; lapsed: one that was good until yesterday. */
  list(lapsed = false) {
    this.run('ca', '-config', 'ca.cnf', '-gencrl', '-out', 'list.pem', ...(lapsed ? ['-crl_lastupdate', '20250101000000Z', '-crl_nextupdate', '20250201000000Z'] : []))
    this.run('crl', '-in', 'list.pem', '-outform', 'DER', '-out', 'list.crl')
  }

  #stamp(question) {
    const n = ++this.#stamps
    writeFileSync(this.at(`${n}.tsq`), question)
    this.run('ts', '-reply', '-config', 'ca.cnf', '-queryfile', `${n}.tsq`, '-out', `${n}.tsr`)
    return readFileSync(this.at(`${n}.tsr`))
  }

  #respond(question) {
    writeFileSync(this.at('q.ocsp'), question)
    this.run('ocsp', '-index', 'index.txt', '-CA', 'root.pem', '-rsigner', 'responder.pem', '-rkey', 'responder.key', '-ndays', '1', '-reqin', 'q.ocsp', '-respout', 'a.ocsp')
    return readFileSync(this.at('a.ocsp'))
  }

  #answer(q, r) {
    const parts = [], what = q.url.slice(1)
    q.on('data', (part) => parts.push(part))
    q.on('end', () => {
      const question = Buffer.concat(parts)
      this.asked[what]++
      if (what === 'ts') return r.end(this.#stamp(question))
      if (this.state === 'silent') return undefined
      if (this.state === 'broken') return r.writeHead(500).end('no')
      if (this.state === 'nonsense') return r.end('<html>an answer, of sorts</html>')
      const right = what === 'ocsp' ? this.#respond(question) : readFileSync(this.at('list.crl'))
      // Of the signed part one bit is another.
      if (this.state === 'forged') right[Math.floor(right.length / 3)] ^= 1
      return r.end(right)
    })
  }

  close() {
    this.server.closeAllConnections()
  }
}
