// Signatures as others judge them: poppler and NSS, qpdf, PDFBox, OpenSSL; keys in a token; a timestamp authority that
// answers, is slow, is gone. Whatever fails, the dossier stays where it was.
import assert from 'node:assert/strict'
import { execFile, execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { demoCity, env, folder, MOTCUA, motcua, ROOT } from './harness.mjs'
import { act, file, Town, walk } from './town.mjs'

const scratch = folder()
const run = (program, ...args) => execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, LC_ALL: 'C.UTF-8' } })

// ---- a token: SoftHSM, with one key in it ----
const MODULE = ['/usr/lib/softhsm/libsofthsm2.so', '/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so'].find(existsSync)
const tokens = join(scratch, 'tokens')
mkdirSync(tokens)
const conf = join(scratch, 'softhsm2.conf')
writeFileSync(conf, `directories.tokendir = ${tokens}\nobjectstore.backend = file\nlog.level = ERROR\n`)
process.env.SOFTHSM2_CONF = env.SOFTHSM2_CONF = conf
run('softhsm2-util', '--init-token', '--free', '--label', 'motcua', '--pin', '2468', '--so-pin', '13579')
writeFileSync(join(scratch, 'pin'), '2468\n')
chmodSync(join(scratch, 'pin'), 0o600)

/** A key that leaves its file for the token; its RFC 7512 name. */
function intoToken(label, id, ...how) {
  const pem = join(scratch, `${label}.pem`)
  run('openssl', 'genpkey', ...how, '-out', pem)
  run('softhsm2-util', '--import', pem, '--token', 'motcua', '--label', label, '--id', id, '--pin', '2468')
  return `pkcs11:token=motcua;object=${label}?module-path=${MODULE}&pin-source=file:${join(scratch, 'pin')}`
}

// ---- a timestamp authority: `openssl ts` behind HTTP ----
const tsa = { state: 'well', asked: 0, folder: join(scratch, 'tsa') }
mkdirSync(tsa.folder)
{
  const at = (name) => join(tsa.folder, name)
  writeFileSync(at('ts.cnf'), `[tsa]\ndefault_tsa=t\n[t]\nserial=${at('serial')}\nsigner_cert=${at('tsa.pem')}\nsigner_key=${at('tsa.key')}\nsigner_digest=sha256
default_policy=1.2.3.4\ndigests=sha256\naccuracy=secs:1\nordering=yes\ness_cert_id_chain=no\ness_cert_id_alg=sha256\n
[ext]\nextendedKeyUsage=critical,timeStamping\nkeyUsage=critical,digitalSignature\n`)
  run('openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', at('root.key'), '-out', at('root.pem'), '-subj', '/CN=Timestamp Root', '-days', '30')
  run('openssl', 'req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', at('tsa.key'), '-out', at('tsa.csr'), '-subj', '/CN=Timestamp')
  run('openssl', 'x509', '-req', '-in', at('tsa.csr'), '-CA', at('root.pem'), '-CAkey', at('root.key'), '-CAcreateserial', '-out', at('tsa.pem'), '-days', '30', '-extfile', at('ts.cnf'), '-extensions', 'ext')
  writeFileSync(at('serial'), '01\n')
}
const authority = createServer((q, r) => {
  const parts = []
  q.on('data', (part) => parts.push(part))
  q.on('end', () => {
    tsa.asked++
    if (tsa.state === 'silent') return
    if (tsa.state === 'broken') return r.writeHead(500).end('no')
    let question = Buffer.concat(parts)
    // An answer to another question: the digest asked about is not the one sent.
    if (tsa.state === 'lying') question = Buffer.from(question).fill(7, question.length - 44, question.length - 30)
    writeFileSync(join(tsa.folder, 'q.tsq'), question)
    run('openssl', 'ts', '-reply', '-config', join(tsa.folder, 'ts.cnf'), '-queryfile', join(tsa.folder, 'q.tsq'), '-out', join(tsa.folder, 'a.tsr'))
    r.writeHead(200, { 'Content-Type': 'application/timestamp-reply' }).end(readFileSync(join(tsa.folder, 'a.tsr')))
  })
})
await new Promise((resolve) => authority.listen(0, '127.0.0.1', resolve))
authority.unref()
after(() => authority.closeAllConnections())

// ---- the city: one ward's key is P-256 in the token, another's RSA ----
const city = join(scratch, 'city')
cpSync(demoCity(), city, { recursive: true })
const wards = JSON.parse(readFileSync(join(city, 'demo-accounts.json'))).filter((a) => a.role === 'signatory' && /^H29\.1\.\d+$/.test(a.unit)).map((a) => a.unit)
const [plain, elliptic, rsa, revoked, own] = wards
motcua('key', '--data', city, 'enrol', 'unit', elliptic, '--token', intoToken('ward-ec', '01', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256'))
motcua('key', '--data', city, 'enrol', 'unit', rsa, '--token', intoToken('ward-rsa', '02', '-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048'))
motcua('key', '--data', city, 'enrol', 'unit', revoked)
motcua('key', '--data', city, 'revoke', `unit-${revoked}`)
cpSync(join(tsa.folder, 'root.pem'), join(city, 'keys/trust/tsa.pem'))

const town = await Town.open({ city, args: ['--timestamp', `http://127.0.0.1:${authority.address().port}/`] })
const lan = await town.citizen(0)

// ---- readers of others ----
const nss = join(scratch, 'nss')
mkdirSync(nss)
run('certutil', '-N', '-d', `sql:${nss}`, '--empty-password')
motcua('key', '--data', city, 'trusted').match(/-----BEGIN[^]*?END CERTIFICATE-----/g).forEach((pem, i) => {
  writeFileSync(join(scratch, `anchor${i}.pem`), pem)
  run('certutil', '-A', '-d', `sql:${nss}`, '-n', `anchor${i}`, '-t', 'CT,C,C', '-i', join(scratch, `anchor${i}.pem`))
})

/** What pdfsig says of a file: one object a signature. */
async function pdfsig(bytes) {
  const path = join(scratch, 'judged.pdf')
  writeFileSync(path, bytes)
  const said = await new Promise((resolve) =>
    execFile('pdfsig', ['-nssdir', `sql:${nss}`, path], { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C.UTF-8' } }, (e, out) => resolve(out)),
  )
  return said.split(/^Signature #\d+:$/m).slice(1).map((part) => ({
    field: /Field Name: (.*)/.exec(part)?.[1],
    name: /Common Name: (.*)/.exec(part)?.[1],
    type: /Signature Type: (.*)/.exec(part)?.[1],
    valid: part.includes('Signature is Valid.'),
    trusted: part.includes('Certificate is Trusted.'),
    whole: part.includes('Total document signed'),
  }))
}
const sound = async (bytes) => {
  const found = await pdfsig(bytes)
  return found.length === 2 && found.every((s) => s.valid && s.trusted) && found[1].whole
}

async function granted(ward) {
  const { code } = await file(lan, ward)
  const done = await walk(town, code, ward, 'approve')
  return { code, done, bytes: (await lan.get(`/api/v1/documents/${done.results[0].document.id}/content`)).bytes }
}

/** The signatures themselves (CMS), as DER files. */
function signatures(bytes) {
  return [...bytes.toString('latin1').matchAll(/\/Contents <([0-9a-f]{200,})>/g)].map(([, hex], i) => {
    const padded = Buffer.from(hex, 'hex'), path = join(scratch, `cms${i}.der`)
    const length = padded.readUInt16BE(2) + 4
    assert.deepEqual([padded[0], padded[1]], [0x30, 0x82])
    assert.ok(padded.subarray(length).every((b) => b === 0))
    writeFileSync(path, padded.subarray(0, length))
    return path
  })
}

const issued = await granted(plain)

test('an issued paper bears two signatures that others find sound', async () => {
  const found = await pdfsig(issued.bytes)
  const officer = town.accounts.find((a) => a.role === 'signatory' && a.unit === plain).name
  assert.deepEqual(found.map((s) => [s.field, s.type, s.valid, s.trusted, s.whole]), [
    ['person', 'ETSI.CAdES.detached', true, true, false],
    ['agency', 'ETSI.CAdES.detached', true, true, true],
  ])
  assert.equal(found[0].name, officer)
  assert.match(run('qpdf', '--check', join(scratch, 'judged.pdf')), /No syntax or stream encoding errors found/)
  assert.match(issued.bytes.toString('latin1'), /\/DSS << .*\/CRLs \[/)
})

test('the first signature stands by itself: the file as it was then', async () => {
  const second = /\/ByteRange \[0 0*(\d+) 0*(\d+) 0*(\d+)\]/.exec(issued.bytes.toString('latin1'))
  const then = issued.bytes.subarray(0, Number(second[2]) + Number(second[3]))
  assert.deepEqual((await pdfsig(then)).map((s) => [s.field, s.valid, s.whole]), [['person', true, true]])
})

test('a signed paper is still PDF/A-1b', () => {
  const jars = ['preflight', 'pdfbox2', 'fontbox2', 'xmpbox', 'commons-logging', 'commons-io', 'javax.activation', 'jaxb-api'].map((name) => `/usr/share/java/${name}.jar`)
  writeFileSync(join(scratch, 'judged.pdf'), issued.bytes)
  const said = spawnSync('java', ['-XX:TieredStopAtLevel=1', '-cp', jars.join(':'), join(ROOT, 'test/unit/document/Preflight.java'), join(scratch, 'judged.pdf')], { encoding: 'utf8' })
  assert.equal(said.status, 0, said.stdout + said.stderr)
})

test('what is signed is what PAdES asks for, with a timestamp over it', () => {
  for (const path of signatures(issued.bytes)) {
    const words = run('openssl', 'asn1parse', '-inform', 'DER', '-in', path)
    for (const wanted of ['contentType', 'messageDigest', 'id-smime-aa-signingCertificateV2', 'ecdsa-with-SHA256', 'id-smime-aa-timeStampToken'])
      assert.ok(words.includes(wanted), wanted)
    assert.doesNotMatch(words.split('id-smime-aa-timeStampToken')[0], /:signingTime/) // EN 319 142-1, 6.3
  }
})

test('a byte changed anywhere is found', async () => {
  const text = issued.bytes.toString('latin1')
  const holes = [...text.matchAll(/\/Contents <[0-9a-f]{200,}>/g)].map((m) => [m.index + 11, m.index + m[0].length - 1])
  let tried = 0
  while (tried < 40) {
    const at = Math.floor(Math.random() * issued.bytes.length)
    if (holes.some(([from, to]) => at >= from && at < to)) continue // of those: test/unit/document/test_inspect.c
    const changed = Buffer.from(issued.bytes)
    changed[at] ^= 1 << Math.floor(Math.random() * 8)
    assert.ok(!(await sound(changed)), `byte ${at} of ${issued.bytes.length}`)
    tried++
  }
  assert.ok(await sound(issued.bytes))
})

describe('keys', () => {
  test('lie where only their owner reads them', () => {
    const modes = new Set(readdirSync(join(town.server.data, 'keys/signers')).map((name) => statSync(join(town.server.data, 'keys/signers', name)).mode & 0o777))
    assert.deepEqual([...modes], [0o600])
    assert.equal(statSync(join(demoCity(), 'keys')).mode & 0o777, 0o700)
  })

  const inToken = (what, ward) =>
    test(`in a token: ${what}`, async () => {
      const { bytes } = await granted(ward)
      assert.ok(await sound(bytes))
      assert.match(readFileSync(join(town.server.data, `keys/signers/unit-${ward}.key`), 'utf8'), /^pkcs11:/)
    })
  inToken('P-256', elliptic)

  test('a token that is pulled out leaves the dossier where it was', async () => {
    const { code } = await file(lan, elliptic)
    const before = await walk(town, code, elliptic, 'submit-for-signature')
    renameSync(tokens, `${tokens}.out`)
    mkdirSync(tokens)
    const signatory = await town.as('signatory', elliptic)
    const problem = await act(signatory, code, 'approve', {}, 503)
    assert.equal(problem.code, 'sign-token')
    const then = (await signatory.get(`/api/v1/cases/${code}`)).body
    assert.deepEqual([then.status, then.step.id, then.results], [before.status, before.step.id, []])
    renameSync(tokens, `${tokens}.empty`)
    renameSync(`${tokens}.out`, tokens)
    const done = await act(signatory, code, 'approve')
    assert.equal(done.status, 9)
  })
  inToken('RSA', rsa)

  test('a revoked key signs nothing', async () => {
    const { code } = await file(lan, revoked)
    await walk(town, code, revoked, 'submit-for-signature')
    const signatory = await town.as('signatory', revoked)
    assert.equal((await act(signatory, code, 'approve', {}, 409)).code, 'sign-revoked')
    assert.deepEqual((await signatory.get(`/api/v1/cases/${code}`)).body.results, [])
  })

  test('are told of by the command line', () => {
    const rows = motcua('key', '--data', city, 'list').trim().split('\n').map((line) => line.split('\t'))
    const row = (name) => rows.find(([found]) => found === name)
    assert.deepEqual(row(`unit-${elliptic}`).slice(1, 2), ['pkcs11'])
    assert.match(row(`unit-${revoked}`)[3], /revoked|đã thu hồi/)
    const wrong = (...args) => spawnSync(MOTCUA, ['key', '--data', city, ...args], { env, encoding: 'utf8' }).status
    assert.equal(wrong('enrol', 'unit', 'H29.nowhere'), 1)
    assert.equal(wrong('enrol', 'officer', 'nobody', '--unit', own), 1)
    assert.equal(wrong('enrol', 'unit', own, '--token', 'pkcs11:token=motcua;object=absent?module-path=' + MODULE), 1)
    assert.equal(wrong('enrol', 'unit', own, '--certificate', join(tsa.folder, 'tsa.pem'), '--key', join(tsa.folder, 'root.key')), 1, 'not the certificate’s key')
    assert.equal(wrong('revoke', '../authority/root'), 1)
    assert.equal(wrong('what'), 2)
    assert.equal(wrong('enrol', 'unit', own, '--certificate', join(tsa.folder, 'tsa.pem'), '--key', join(tsa.folder, 'tsa.key')), 0)
  })
})

describe('a timestamp authority that', () => {
  for (const state of ['broken', 'lying', 'silent'])
    test(`is ${state} leaves the dossier where it was`, async () => {
      const { code } = await file(lan, plain)
      const before = await walk(town, code, plain, 'submit-for-signature')
      const signatory = await town.as('signatory', plain)
      tsa.state = state
      const problem = await act(signatory, code, 'approve', {}, 503)
      tsa.state = 'well'
      assert.equal(problem.code, 'timestamp')
      const then = (await signatory.get(`/api/v1/cases/${code}`)).body
      assert.deepEqual([then.status, then.step.id, then.results], [before.status, before.step.id, []])
      assert.equal((await act(signatory, code, 'approve')).status, 9)
    })
})
