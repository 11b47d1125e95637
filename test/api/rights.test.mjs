// Every route of the contract × every role, against a table written by hand: a door that opens for somebody new, or a
// route that nobody wrote down, fails here.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { test } from 'node:test'
import { file, ROLES, Town, upload } from './town.mjs'

const town = await Town.open()
const [ward, other] = town.wards
const COLUMNS = ['stranger', ...ROLES]
const rows = readFileSync(join(import.meta.dirname, 'rights.table'), 'utf8').split('\n')
  .filter((line) => line.trim() && !line.startsWith('#'))
  .map((line) => line.trim().split(/\s+/))
  .map(([method, path, ...marks]) => ({ method, path, marks }))
const doors = rows.filter((r) => !['SEEN', 'AWAY'].includes(r.method))

// The one whose things are asked for is not the citizen who asks.
const owner = await town.citizen(1)
const paper = (await upload(owner)).id
const { code } = await file(owner, ward, {
  form: { relation: 'authorised', subject_number: (await town.citizen(2)).party.number },
  papers: [{ kind: 'authorisation-letter', document: paper }],
})

const WARD_ROLES = ROLES.slice(ROLES.indexOf('one-stop'), ROLES.indexOf('archivist') + 1)
const who = (role, unit = ward) =>
  role === 'stranger' ? town.stranger
  : role === 'citizen' ? town.citizen(0)
  : role === 'steward' ? town.as(role, 'H29.11')
  : town.as(role, WARD_ROLES.includes(role) ? unit : undefined)

/** The status alone: a stream of events would not end. */
function knock(client, method, path) {
  return new Promise((resolve, reject) => {
    const q = request({ host: '127.0.0.1', port: town.server.port, method, path, agent: false, headers: { ...client.headers, 'Content-Length': 0, 'If-Match': '"1"', Accept: '*/*' } }, (r) => {
      resolve(r.statusCode)
      r.destroy()
    })
    q.on('error', (e) => reject(e))
    q.end()
  })
}

test('the table has one row a route, and a mark a role', () => {
  const pages = ['GET /verify/{code}'] // a page for people, not in the contract
  const declared = [...town.contract.operations.map((o) => `${o.method} ${o.path}`), ...pages].sort()
  const written = doors.map((r) => `${r.method} ${r.path}`).sort()
  assert.deepEqual(written, declared)
  for (const row of rows) assert.equal(row.marks.length, COLUMNS.length, `${row.method} ${row.path}`)
})

// What is asked for is not there, so that a door can be tried without doing anything.
const ABSENT = { code: `${ward}-200101-0001`, action: 'receive', id: '1', name: 'nothing', key: 'nothing' }

for (const [i, role] of COLUMNS.entries())
  test(`${role} through every door`, async () => {
    // Signing out comes last, of a session of its own.
    const known = await who(role)
    const client = role === 'stranger' ? known : await town.signIn(known.account)
    for (const { method, path, marks } of [...doors].sort((a, b) => (a.method === 'DELETE' && a.path.endsWith('sessions') ? 1 : 0) - (b.method === 'DELETE' && b.path.endsWith('sessions') ? 1 : 0))) {
      const status = await knock(client, method, path.replace(/\{(\w+)\}/g, (_, name) => ABSENT[name]))
      const mark = status === 401 ? '0' : status === 403 ? '.' : '+'
      const credentials = path === '/api/v1/sessions' && method === 'POST'
      assert.ok(status < 500, `${role}: ${method} ${path} → ${status}`)
      assert.equal(credentials && status === 422 ? '+' : mark, marks[i], `${role}: ${method} ${path} → ${status}`)
    }
  })

for (const { method, path, marks } of rows.filter((r) => ['SEEN', 'AWAY'].includes(r.method)))
  test(`${method === 'SEEN' ? 'who sees' : 'officers of elsewhere and'} ${path}`, async () => {
    const real = path.replace('CASE', code).replace('PAPER', paper).replace('SELF', owner.party.number)
    const got = []
    for (const [i, role] of COLUMNS.entries())
      got.push(['-', '*'].includes(marks[i]) ? marks[i] : String((await (await who(role, method === 'AWAY' ? other : ward)).get(real, null)).status))
    assert.deepEqual(Object.fromEntries(COLUMNS.map((c, i) => [c, got[i]])), Object.fromEntries(COLUMNS.map((c, i) => [c, marks[i]])))
  })
