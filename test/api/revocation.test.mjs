// What proves signatures for long (PAdES B-LT): others' authorities say what they revoked, through a real responder and real
// lists. A paper is issued without waiting for them and completed later; nonsense is never put into one. Revoked keys.
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { demoCity, eventually, folder, motcua, ROOT } from './harness.mjs'
import { act, file, Town, upload, walk } from './town.mjs'
import { Authority } from './trust.mjs'

const scratch = folder()
const run = (program, ...args) => execFileSync(program, args, { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C.UTF-8' } })
const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex')

const authority = await Authority.open(join(scratch, 'authority'))
after(() => authority.close())

// ---- the city: three wards sign with keys that another's authority vouches for ----
const city = join(scratch, 'city')
cpSync(demoCity(), city, { recursive: true })
const wards = JSON.parse(readFileSync(join(city, 'demo-accounts.json'))).filter((a) => a.role === 'signatory' && /^H29\.1\.\d+$/.test(a.unit)).map((a) => a.unit)
const [own, answered, listed, leaving, ours] = wards
cpSync(authority.at('root.pem'), join(city, 'keys/trust/foreign.pem'))
for (const [ward, kind] of [[answered, 'signer'], [listed, 'listed'], [leaving, 'signer']]) {
  const { key, certificate } = authority.issue(ward, kind)
  motcua('key', '--data', city, 'enrol', 'unit', ward, '--certificate', certificate, '--key', key)
}
authority.list()
const town = await Town.open({ city, args: ['--timestamp', `${authority.url}/ts`, '--origin', 'https://motcua.example'] })
const lan = await town.citizen(0)

const content = async (id) => (await lan.get(`/api/v1/documents/${id}/content`)).bytes
const meta = async (id) => (await lan.get(`/api/v1/documents/${id}`)).body

async function granted(ward) {
  const { code } = await file(lan, ward)
  const [result] = (await walk(town, code, ward, 'approve')).results
  const id = result.document.id
  return { id, code, verify: result.verify_code, first: await content(id) }
}

/** Once what proves it later was added. */
async function completed(paper) {
  await eventually(() => meta(paper.id), (d) => d.sha256 !== sha256(paper.first), 120_000)
  return content(paper.id)
}

/** What the city finds of a paper that somebody hands in. */
async function found(bytes) {
  const { id } = await upload(lan, bytes)
  return eventually(async () => (await meta(id)).check, (check) => check.outcome !== 'waiting', 60_000)
}
const levels = (check) => check.signatures.map((s) => s.level)

function pdfsig(bytes) {
  writeFileSync(join(scratch, 'judged.pdf'), bytes)
  const said = spawnSync('pdfsig', ['-nocert', join(scratch, 'judged.pdf')], { encoding: 'utf8' }).stdout
  return [said.match(/Signature is Valid\./g)?.length ?? 0, /Total document signed/.test(said)]
}

describe('a responder', () => {
  test('that is down delays nothing: the paper is issued, and completed when it answers', async () => {
    authority.state = 'broken'
    const paper = await granted(answered)
    assert.deepEqual(pdfsig(paper.first), [2, true])
    assert.deepEqual(levels(await found(paper.first)), ['B-T', 'B-T'])
    await eventually(() => authority.asked.ocsp, (n) => n > 0, 60_000)
    assert.equal((await meta(paper.id)).sha256, sha256(paper.first))
    authority.state = 'well'
    const bytes = await completed(paper)

    assert.ok(bytes.subarray(0, paper.first.length).equals(paper.first), 'what was signed stays as it was')
    assert.match(bytes.subarray(paper.first.length).toString('latin1'), /\/OCSPs \[/)
    assert.deepEqual(pdfsig(bytes), [2, false])
    assert.match(run('qpdf', '--check', join(scratch, 'judged.pdf')), /No syntax or stream encoding errors found/)
    const check = await found(bytes)
    assert.equal(check.outcome, 'sound')
    assert.deepEqual(check.signatures.map((s) => [s.outcome, s.trust, s.revocation, s.changes]), [['sound', 'trusted', 'good', 'signatures'], ['sound', 'trusted', 'good', 'signatures']])
    assert.deepEqual(levels(check), ['B-LT', 'B-LT'])
    const verdict = (await town.stranger.get(`/verify/${paper.verify}`, 200, { Accept: 'application/json' })).body
    assert.deepEqual([verdict.status, verdict.sha256, verdict.first_sha256], ['genuine', sha256(bytes), sha256(paper.first)])
  })

  test('leaves the paper PDF/A-1b', async () => {
    const paper = await granted(answered)
    writeFileSync(join(scratch, 'judged.pdf'), await completed(paper))
    const jars = ['preflight', 'pdfbox2', 'fontbox2', 'xmpbox', 'commons-logging', 'commons-io', 'javax.activation', 'jaxb-api'].map((name) => `/usr/share/java/${name}.jar`)
    const said = spawnSync('java', ['-XX:TieredStopAtLevel=1', '-cp', jars.join(':'), join(ROOT, 'test/unit/document/Preflight.java'), join(scratch, 'judged.pdf')], { encoding: 'utf8' })
    assert.equal(said.status, 0, said.stdout + said.stderr)
  })

  for (const state of ['nonsense', 'forged', 'silent'])
    test(`that is ${state} gets nothing into a paper`, async () => {
      authority.state = state
      const before = authority.asked.ocsp
      const paper = await granted(answered)
      await eventually(() => authority.asked.ocsp, (n) => n > before, 60_000)
      assert.equal((await meta(paper.id)).sha256, sha256(paper.first))
      authority.state = 'well'
      assert.deepEqual(levels(await found(await completed(paper))), ['B-LT', 'B-LT'])
    })
})

describe('a list', () => {
  test('that has lapsed proves nothing; the next one does', async () => {
    authority.list(true)
    const before = authority.asked.crl
    const paper = await granted(listed)
    await eventually(() => authority.asked.crl, (n) => n > before, 60_000)
    assert.equal((await meta(paper.id)).sha256, sha256(paper.first))
    authority.list()
    const bytes = await completed(paper)
    assert.match(bytes.subarray(paper.first.length).toString('latin1'), /\/CRLs \[/)
    assert.deepEqual(levels(await found(bytes)), ['B-LT', 'B-LT'])
  })
})

test('of the own authority it is at hand; of the timestamp it is added', async () => {
  const paper = await granted(own)
  assert.match(paper.first.toString('latin1'), /\/CRLs \[/)
  assert.deepEqual((await found(paper.first)).signatures.map((s) => [s.level, s.revocation]), [['B-T', 'good'], ['B-T', 'good']])
  assert.deepEqual(levels(await found(await completed(paper))), ['B-LT', 'B-LT'])
})

describe('a key that is revoked', () => {
  test('by another’s authority: what it signed before stands, it signs nothing more', async () => {
    const before = await granted(leaving), bytes = await completed(before)
    authority.revoke(leaving)
    const after = await granted(leaving) // nobody has told the city yet
    const late = await completed(after)
    assert.deepEqual((await found(bytes)).signatures.map((s) => [s.outcome, s.level]), [['sound', 'B-LT'], ['sound', 'B-LT']])
    const check = await found(late)
    assert.equal(check.outcome, 'revoked')
    assert.deepEqual(check.signatures.map((s) => [s.outcome, s.revocation]), [['sound', 'good'], ['revoked', 'revoked']])

    const { code } = await file(lan, leaving)
    const waits = await walk(town, code, leaving, 'submit-for-signature')
    const signatory = await town.as('signatory', leaving)
    assert.equal((await act(signatory, code, 'approve', {}, 409)).code, 'sign-revoked')
    const then = (await signatory.get(`/api/v1/cases/${code}`)).body
    assert.deepEqual([then.status, then.step.id, then.results], [waits.status, waits.step.id, []])
  })

  test('by the own authority: its list says so, and what a timestamp proves older stands', async () => {
    const before = await granted(ours)
    writeFileSync(join(scratch, 'ours.pem'), readFileSync(join(town.server.data, `keys/signers/unit-${ours}.pem`)))
    const words = run('openssl', 'x509', '-in', join(scratch, 'ours.pem'), '-noout', '-serial', '-ext', 'crlDistributionPoints')
    const serial = new RegExp(/serial=([0-9A-F]+)/.exec(words)[1])
    const list = async (of) => {
      writeFileSync(join(scratch, 'issuing.crl'), (await of.stranger.get('/ca/issuing.crl')).bytes)
      return run('openssl', 'crl', '-inform', 'DER', '-in', join(scratch, 'issuing.crl'), '-noout', '-text')
    }
    assert.match(words, /URI:https:\/\/motcua\.example\/ca\/issuing\.crl/)
    assert.doesNotMatch(await list(town), serial)

    const signed = Math.floor(Date.now() / 1000) // what is revoked in the same second counts as revoked before
    await eventually(() => Math.floor(Date.now() / 1000), (now) => now > signed)
    const later = await Town.open({ city, args: ['--timestamp', `${authority.url}/ts`], prepare: (data) => {
      cpSync(join(town.server.data, 'keys'), join(data, 'keys'), { recursive: true })
      motcua('key', '--data', data, 'revoke', `unit-${ours}`)
    } })
    assert.match(await list(later), serial)
    const applicant = await later.citizen(0)
    const { id } = await upload(applicant, before.first)
    const check = await eventually(async () => (await applicant.get(`/api/v1/documents/${id}`)).body.check, (c) => c.outcome !== 'waiting', 60_000)
    assert.equal(check.outcome, 'sound')
    const { code } = await file(applicant, ours)
    await walk(later, code, ours, 'submit-for-signature')
    assert.equal((await act(await later.as('signatory', ours), code, 'approve', {}, 409)).code, 'sign-revoked')
  })

  test('the authority publishes what its name promises, and nothing else', async () => {
    for (const name of ['root.cer', 'issuing.cer']) {
      writeFileSync(join(scratch, name), (await town.stranger.get(`/ca/${name}`)).bytes)
      assert.match(run('openssl', 'x509', '-inform', 'DER', '-in', join(scratch, name), '-noout', '-subject'), /motcua (Root|Issuing) CA/)
    }
    for (const name of ['root.key', 'issuing.pem', '..%2froot.key', 'x']) await town.stranger.get(`/ca/${name}`, 404)
  })
})
