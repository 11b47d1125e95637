// The vault: who looked, as leaves of a Merkle log that the citizen's own browser checks (the client's code runs here);
// papers shown to others by link, for a time and a number of openings.
import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { join } from 'node:path'
import { test } from 'node:test'
import { isConsistent, isIncluded, isSigned } from '../../web/src/citizen/merkle.ts'
import { eventually, folder, motcua } from './harness.mjs'
import { act, file, Town, upload, walk } from './town.mjs'

const town = await Town.open()
const [ward] = town.wards
const [lan, minh] = [await town.citizen(0), await town.citizen(1)]
const desk = await town.as('one-stop', ward)
const auditor = await town.as('auditor')
const days = (n) => new Date(Date.now() + n * 86400e3).toISOString()
const log = async (client, query = '') => (await client.get(`/api/v1/vault/access-log${query}`)).body.items
const proofOf = async (client, row) => (await client.get(`/api/v1/vault/access-log/${row.leaf.index}/proof`)).body
const roots = async () => (await town.stranger.get('/api/v1/vault/roots')).body.items
/** Looks into a dossier of Lan's, n times. */
async function looked(n) {
  const { code } = await file(lan, ward)
  const before = (await log(lan, '?limit=200')).length
  for (let i = 0; i < n; i++) await desk.get(`/api/v1/cases/${code}`)
  await eventually(() => log(lan, '?limit=200'), (rows) => rows.length >= before + n)
  return code
}

test('each look is a leaf that says who, when, in which case and why', async () => {
  const code = await looked(1)
  const [row] = await log(lan)
  const said = JSON.parse(row.leaf.text)
  assert.deepEqual([row.action, row.case, row.who.name], ['read', code, desk.party.name])
  assert.deepEqual([said.action, said.case, said.who, said.about, said.at], [row.action, row.case, row.who.name, lan.party.number, row.at])
  assert.match(said.salt, /^[0-9a-f]{32}$/)
})

test('the root is published by itself, signed; every row under it is proven by the reader', async () => {
  await eventually(roots, (items) => items.length > 0)
  const published = (await auditor.post('/api/v1/vault/roots', undefined, 201)).body
  assert.ok(await isSigned(published))
  for (const row of await log(lan)) {
    const proof = await proofOf(lan, row)
    assert.equal(proof.text, row.leaf.text)
    assert.equal(proof.root.hash, published.hash)
    assert.ok(await isIncluded(proof))
    assert.ok(!(await isIncluded({ ...proof, text: proof.text.replace(desk.party.name, 'Người khác') })))
    assert.ok(!(await isIncluded({ ...proof, index: proof.index + 1 })))
  }
  assert.ok(!(await isSigned({ ...published, text: published.text.replace(String(published.size), String(published.size + 1)) })))
  await desk.post('/api/v1/vault/roots', undefined, 403)
})

test('a row after the root waits for the next; an older root is the beginning of a newer one', async () => {
  for (let i = 0; i < 4; i++) {
    const before = (await roots())[0]
    await looked(5 * i + 1) // past the sixteen of a kept subtree, and twice as many
    const [row] = await log(lan)
    assert.deepEqual([(await proofOf(lan, row)).root, (await proofOf(lan, row)).path], [null, []])
    const now = (await auditor.post('/api/v1/vault/roots', undefined, 201)).body
    assert.ok(await isIncluded(await proofOf(lan, row)))
    const { path } = (await town.stranger.get(`/api/v1/vault/roots/${now.size}/consistency?from=${before.size}`)).body
    assert.ok(await isConsistent(before, now, path), `${before.size} in ${now.size}`)
    assert.ok(!(await isConsistent({ ...before, hash: now.hash }, now, path)))
  }
  const first = (await roots()).at(-1), last = (await roots())[0]
  const { path } = (await town.stranger.get(`/api/v1/vault/roots/${last.size}/consistency?from=${first.size}`)).body
  assert.ok(await isConsistent(first, last, path))
  await town.stranger.get(`/api/v1/vault/roots/${last.size}/consistency?from=${last.size + 1}`, 404)
})

test('nobody proves, or reads, another person’s rows', async () => {
  const [row] = await log(lan)
  await minh.get(`/api/v1/vault/access-log/${row.leaf.index}/proof`, 404)
  assert.ok((await log(minh)).every((r) => JSON.parse(r.leaf.text).about === minh.party.number))
  await minh.get(`/api/v1/vault/access-log?on_behalf_of=${lan.party.number}`, 403)
})

test('a paper is shown by link: counted, logged, ended', async () => {
  const { code } = await file(lan, ward)
  const paper = (await walk(town, code, ward, 'approve')).results[0].document
  const made = (await lan.post('/api/v1/vault/shares', { document: paper.id, until: days(7), count: 2, purpose: 'Ngân hàng xem để cho vay' }, 201)).body
  assert.match(made.token, /^[0-9A-Z]{32}$/)
  assert.equal((await lan.get('/api/v1/vault/shares')).body.items[0].token, undefined, 'a link is told once')
  const shown = (await town.stranger.get(`/api/v1/shared/${made.token}`)).body
  assert.deepEqual([shown.owner, shown.left, shown.verify_code], [lan.party.name, 2, paper.verify_code])
  assert.equal((await town.stranger.get(`/api/v1/shared/${made.token}`)).body.left, 2, 'to look at the link is not to open the paper')
  const [one, two, three] = await Promise.all([1, 2, 3].map(() => town.stranger.post(`/api/v1/shared/${made.token}/open`, undefined, null)))
  const statuses = [one, two, three].map((r) => r.status).sort()
  assert.deepEqual(statuses, [200, 200, 410], 'two openings are two')
  const opened = [one, two, three].find((r) => r.status === 200)
  assert.equal(opened.headers['content-type'], 'application/pdf')
  const rows = await log(lan)
  assert.deepEqual(rows.slice(0, 3).map((r) => r.action), ['share-open', 'share-open', 'share'])
  assert.deepEqual([rows[0].who, rows[0].purpose], [null, 'Ngân hàng xem để cho vay'])
  assert.equal((await lan.get('/api/v1/vault/shares')).body.items[0].state, 'used-up')
})

test('a link ends when it is revoked and when its paper ends', async () => {
  const { code } = await file(lan, ward)
  const paper = (await walk(town, code, ward, 'approve')).results[0].document
  const share = async () => (await lan.post('/api/v1/vault/shares', { document: paper.id, until: days(1), count: 5, purpose: 'x' }, 201)).body
  const [one, two] = [await share(), await share()]
  await minh.delete(`/api/v1/vault/shares/${one.id}`, 404)
  await lan.delete(`/api/v1/vault/shares/${one.id}`, 204)
  await town.stranger.post(`/api/v1/shared/${one.token}/open`, undefined, 410)
  await act(await town.as('signatory', ward), code, 'withdraw-result', { note: 'Sai' })
  assert.equal((await town.stranger.get(`/api/v1/shared/${two.token}`, 410)).body.code, 'share-ended')
  assert.equal((await lan.post('/api/v1/vault/shares', { document: paper.id, until: days(1), count: 1, purpose: 'x' }, 410)).body.code, 'share-ended')
})

test('what cannot be shared is refused', async () => {
  const mine = await upload(lan), others = (await minh.get('/api/v1/vault')).body.documents[0]
  const body = { document: mine.id, until: days(1), count: 1, purpose: 'x' }
  for (const [change, pointer] of [[{}, '/document'], [{ until: days(-1) }, '/until'], [{ until: days(100) }, '/until'], [{ count: 0 }, '/count'], [{ count: 101 }, '/count'], [{ purpose: '' }, '/purpose']])
    assert.equal((await lan.post('/api/v1/vault/shares', { ...body, ...change }, 422)).body.errors[0].pointer, pointer, 'an upload that lies in no vault, or a bad limit')
  if (others) await lan.post('/api/v1/vault/shares', { ...body, document: others.id }, 422)
  await desk.post('/api/v1/vault/shares', body, 403)
})

test('links cannot be guessed', async () => {
  const tries = []
  for (let i = 0; i < 12; i++) tries.push((await town.stranger.get(`/api/v1/shared/${'0'.repeat(31)}${i % 10}`, null)).status)
  assert.equal(tries[0], 404)
  assert.equal(tries.at(-1), 429)
})

test('a changed row is found by verify', async () => {
  const copy = join(folder(), 'copy')
  motcua('backup', '--data', town.server.data, copy)
  motcua('verify', '--data', copy)
  const db = new DatabaseSync(join(copy, 'motcua.db'))
  db.exec(`UPDATE vault_leaf SET text = replace(text, '"read"', '"look"') WHERE idx = (SELECT MIN(idx) FROM vault_leaf WHERE text LIKE '%"read"%')`)
  db.close()
  assert.throws(() => motcua('verify', '--data', copy), /vault_(log|root)_broken/)
})
