// Back to a point in time: a city on a real PostgreSQL 15 that archives its WAL. A base copy, dossiers before and after a
// moment; restored to that moment elsewhere, what was filed before is there, what came after is not, and it proves sound.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { appendFileSync, chownSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { accounts, Client, defer, eventually, folder, motcua, Server } from '../api/harness.mjs'
import { Contract } from '../api/contract.mjs'
import { EXTRACT, Town } from '../api/town.mjs'

const BIN = '/usr/lib/postgresql/15/bin'
const id = (flag) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }))
const who = process.getuid() === 0 ? { uid: id('-u'), gid: id('-g') } : {}
const pg = (program, ...args) => execFileSync(join(BIN, program), args, { ...who, encoding: 'utf8', cwd: '/tmp', stdio: ['ignore', 'pipe', 'pipe'] })

/** A folder that the server's user may write in. */
function place(name) {
  const path = join(folder('motcua-pitr-'), name)
  execFileSync('chmod', ['755', join(path, '..')])
  mkdirSync(path, { mode: 0o700 })
  if (who.uid) chownSync(path, who.uid, who.gid)
  return path
}
function start(data, socket) {
  // The server would hold a pipe of ours open for as long as it lives.
  execFileSync(join(BIN, 'pg_ctl'), ['-D', data, '-l', join(socket, 'log'), '-w', '-t', '120',
    '-o', `-c listen_addresses='' -c unix_socket_directories='${socket}'`, 'start'], { ...who, cwd: '/tmp', stdio: 'ignore' })
  defer(() => { try { pg('pg_ctl', '-D', data, '-m', 'immediate', '-w', 'stop') } catch { /* stopped already */ } })
  return `postgresql:///postgres?host=${socket}&user=motcua`
}

test('a city goes back to a moment', { skip: existsSync(join(BIN, 'initdb')) ? false : 'needs postgresql-15' }, async () => {
  const data = place('data'), socket = place('socket'), archive = place('archive'), base = place('base')
  pg('initdb', '-D', data, '-A', 'trust', '-U', 'motcua', '-E', 'UTF8', '--locale=C.UTF-8', '--no-sync')
  appendFileSync(join(data, 'postgresql.conf'),
    `wal_level = replica\narchive_mode = on\narchive_command = 'test ! -f ${archive}/%f && cp %p ${archive}/%f.part && mv ${archive}/%f.part ${archive}/%f'\n`)
  const url = start(data, socket)
  const home = join(folder(), 'home')
  motcua('demo', '--data', home, '--db', url, '--residents', '200', '--seed', '2')
  const open = async (db) => {
    const server = await Server.start(home, ['--db', db])
    server.contract = new Contract((await server.send('GET', '/api/v1/openapi.json')).body)
    const town = Object.assign(new Town(), { server, stranger: new Client(server), accounts: accounts(home) })
    return { server, lan: await town.citizen(0), unit: town.accounts.find((a) => a.role === 'one-stop').unit }
  }
  const { server, lan, unit } = await open(url)
  const submit = async (n) => {
    const codes = []
    for (let i = 0; i < n; i++) codes.push((await lan.post('/api/v1/cases', { service: EXTRACT, unit, form: { copies: 1 } }, 201)).body.code)
    return codes
  }
  const sql = (text) => pg('psql', '-h', socket, '-U', 'motcua', '-d', 'postgres', '-Atc', text).trim()
  const before = await submit(5)
  pg('pg_basebackup', '-h', socket, '-U', 'motcua', '-D', base, '-X', 'none', '-c', 'fast')
  before.push(...(await submit(5)))
  const moment = sql('SELECT clock_timestamp()')
  const after = await submit(5)
  const segment = sql('SELECT pg_walfile_name(pg_switch_wal())')
  await eventually(() => readdirSync(archive), (names) => names.includes(segment), 60_000)
  await server.stop()
  pg('pg_ctl', '-D', data, '-m', 'immediate', '-w', 'stop') // the machine is gone

  appendFileSync(join(base, 'postgresql.conf'),
    `restore_command = 'cp ${archive}/%f %p'\nrecovery_target_time = '${moment}'\nrecovery_target_action = 'promote'\n`)
  writeFileSync(join(base, 'recovery.signal'), '')
  if (who.uid) chownSync(join(base, 'recovery.signal'), who.uid, who.gid)
  const again = place('again'), restored = start(base, again)
  await eventually(() => pg('psql', '-h', again, '-U', 'motcua', '-d', 'postgres', '-Atc', 'SELECT pg_is_in_recovery()').trim(), (said) => said === 'f', 60_000)
  assert.match(motcua('verify', '--data', home, '--db', restored), /OK\n$/)
  const there = await open(restored)
  const codes = (await there.lan.all('/api/v1/cases')).map((c) => c.code)
  assert.deepEqual(before.filter((code) => !codes.includes(code)), [], 'filed before, and lost')
  assert.deepEqual(after.filter((code) => codes.includes(code)), [], 'filed after, and there')
  await there.server.stop()
})
