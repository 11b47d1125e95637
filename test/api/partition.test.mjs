// The tables that grow are divided by year: what was there stays, all goes on, looks at what they have to, and can be moved.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { join } from 'node:path'
import { address, Client, folder, motcua, POSTGRES, Server, valueOf } from './harness.mjs'
import { act, file, Town, walk } from './town.mjs'

const town = await Town.open()
const [ward] = town.wards
const data = town.server.data
const lan = await town.citizen(0)
const partition = () => motcua('partition', '--data', data)
const parts = (table) => Number(valueOf(data, `SELECT count(*) FROM pg_inherits WHERE inhparent = to_regclass('${table}')`))
const plan = (sql) => valueOf(data, `SET enable_seqscan = off; EXPLAIN ${sql}`)

test('a file has no parts, and is told the way to a database that has', { skip: POSTGRES }, async () => {
  await town.server.stop()
  assert.throws(partition, /motcua move/)
})

test('a city goes on divided', { skip: !POSTGRES }, async (t) => {
  const before = await file(lan, ward)
  await walk(town, before.code, ward, 'approve')

  await t.test('it is divided once, and told so again', () => {
    for (const again of [/divided by year|đã chia theo năm/, /divided before|đã chia từ trước/]) {
      const said = partition()
      assert.equal(said.match(new RegExp(again, 'g'))?.length, 3, said)
    }
    for (const table of ['case_file', 'case_event', 'record_change']) assert.equal(parts(table), 6, table)
  })

  await t.test('under a server that knows nothing of it', async () => {
    const after = await file(lan, ward)
    await walk(town, after.code, ward, 'deliver')
    assert.equal((await act(await town.as('one-stop', ward), before.code, 'deliver')).status, 10)
    const mine = (await lan.all('/api/v1/cases')).map((c) => c.code)
    assert.deepEqual(mine.filter((code) => [before.code, after.code].includes(code)), [after.code, before.code])
    assert.notEqual(after.code, before.code)
    const desk = await town.as('one-stop', ward)
    const open = await file(lan, ward)
    assert.ok((await desk.all(`/api/v1/cases?box=unit&q=${open.code}`)).some((c) => c.code === open.code))
  })

  await t.test('and under one that starts anew', async () => {
    await town.server.stop()
    await (await Server.start(data)).stop()
    assert.match(motcua('verify', '--data', data), /OK/)
  })

  await t.test('what carries the id looks into one part', () => {
    const id = valueOf(data, `SELECT id FROM case_file WHERE code = '${before.code}'`)
    assert.doesNotMatch(plan(`SELECT * FROM case_event WHERE case_id = ${id} ORDER BY seq`), /case_event_20/)
    assert.match(plan(`SELECT * FROM case_file WHERE code = '${before.code}'`), /case_file_2/) // a code is no id: in every part
  })

  await t.test('it moves to a file like any other, with what is filed meanwhile', async () => {
    const way = ['move', '--from', address(data), '--from-data', data, '--to', `sqlite:${join(folder(), 'file')}/motcua.db`]
    const server = Object.assign(await Server.start(data), { contract: town.contract })
    motcua(...way)
    await file(Object.assign(new Client(server, lan.headers, lan.name), { party: lan.party, account: lan.account }), ward)
    await server.stop()
    assert.match(motcua(...way, '--switch'), /case_event +\d+ +(the same|giống hệt|như nhau)/)
    motcua('move', '--from', address(data), '--cancel')
  })
})
