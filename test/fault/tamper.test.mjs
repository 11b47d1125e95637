// Somebody with the keys to the machine changes what is stored: `motcua verify` says so.
import assert from 'node:assert/strict'
import { appendFileSync, cpSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { before, test } from 'node:test'
import { accounts, Client, demoCity, folder, motcua, Server } from '../api/harness.mjs'
import { Contract } from '../api/contract.mjs'
import { Town, walk } from '../api/town.mjs'

const whole = join(folder(), 'data')

before(async () => {
  cpSync(demoCity(), whole, { recursive: true })
  const server = await Server.start(whole)
  server.contract = new Contract((await server.send('GET', '/api/v1/openapi.json')).body)
  const town = Object.assign(new Town(), { server, stranger: new Client(server), accounts: accounts(whole) })
  const lan = await town.citizen(0)
  const unit = town.accounts.find((a) => a.role === 'one-stop').unit
  const { code } = (await lan.post('/api/v1/cases', { service: '2.000635', unit, form: { copies: 1 } }, 201)).body
  await walk(town, code, unit, 'approve')
  await server.stop()
})

const scratch = folder()
let n = 0
/** A copy of the house to break. */
function copy() {
  const path = join(scratch, String(n++))
  cpSync(whole, path, { recursive: true })
  return path
}
const file = (path) => {
  const found = readdirSync(join(path, 'files'), { recursive: true, withFileTypes: true }).find((f) => f.isFile())
  return join(found.parentPath, found.name)
}
const sql = (text) => (path) => {
  const db = new DatabaseSync(join(path, 'motcua.db'))
  const { changes } = db.prepare(text).run()
  db.close()
  assert.ok(changes > 0, `${text} changed nothing`)
}

test('what nobody touched is sound', () => {
  motcua('verify', '--data', copy())
})

const damage = {
  'a note in the log of a case': sql("UPDATE case_event SET note = 'khác' WHERE seq = 2"),
  'who did it': sql('UPDATE case_event SET actor = actor + 1 WHERE seq = 3'),
  'a step taken out': sql('DELETE FROM case_event WHERE seq = 3'),
  'the last step taken out': sql("DELETE FROM case_event WHERE action = 'approve'"),
  'the whole log of a case': sql('DELETE FROM case_event'),
  'a case moved without a log': sql("UPDATE case_file SET status = 10, step = 'returned'"),
  'a look that never was': sql("UPDATE audit SET purpose = 'khác' WHERE seq = (SELECT max(seq) FROM audit)"),
  'a look taken out': sql('DELETE FROM audit WHERE seq = (SELECT max(seq) - 1 FROM audit)'),
  'a byte in a paper': (path) => appendFileSync(file(path), ' '),
  'a paper that is gone': (path) => rmSync(file(path)),
}
for (const [what, break_] of Object.entries(damage))
  test(`found: ${what}`, () => {
    const path = copy()
    break_(path)
    assert.throws(() => motcua('verify', '--data', path), /→ 1\n/)
  })
