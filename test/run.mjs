// Runs the black-box suites: node test/run.mjs api|fault [name…]. Makes the demo city once, runs the files side by side,
// and at the end says how many replies were checked against the contract. Of a whole run of the API, an operation that no
// test was answered well by is a failure. The last line: "api: N passed, N failed".
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { demoCity } from './api/harness.mjs'

const [suite = 'api', ...names] = process.argv.slice(2)
const folder = join(import.meta.dirname, suite)
const files = readdirSync(folder).filter((f) => f.endsWith('.test.mjs') && (!names.length || names.some((n) => f.startsWith(`${n}.`))))
const unknown = names.filter((n) => !files.some((f) => f.startsWith(`${n}.`)))
if (unknown.length) {
  console.error(`${suite}: no file is named ${unknown.join(', ')}`) // given none, Node would run whatever it finds
  process.exit(2)
}
const scratch = mkdtempSync(join(tmpdir(), 'motcua-run-'))
// Each file has a server (and a browser) of its own. Those of the browser mostly wait; faults are about time, so they run alone.
const atOnce = { api: availableParallelism() + 1, browser: 2 }[suite] ?? 1
const seen = join(scratch, 'seen'), tap = join(scratch, 'tap')
mkdirSync(seen)

console.log(`# demo city: ${demoCity()}`)
const run = spawnSync(
  process.execPath,
  ['--test', '--test-reporter=spec', '--test-reporter-destination=stdout', '--test-reporter=tap', `--test-reporter-destination=${tap}`,
    `--test-concurrency=${atOnce}`, ...files.map((f) => join(folder, f))],
  // A file that never ends (a server that a failed test left open) is a failure, not a wait without end.
  { stdio: 'inherit', env: { ...process.env, NODE_NO_WARNINGS: '1', MOTCUA_SEEN: seen }, timeout: 20 * 60_000, killSignal: 'SIGKILL' },
)
const counted = (what) => Number(new RegExp(`^# ${what} (\\d+)$`, 'm').exec(existsSync(tap) ? readFileSync(tap, 'utf8') : '')?.[1] ?? 0)

const answered = new Map()
let replies = 0
for (const file of readdirSync(seen))
  for (const [name, statuses] of readFileSync(join(seen, file), 'utf8').split('\n').map((line) => line.split('\t')))
    if (name === 'replies') replies += Number(statuses)
    else if (name) answered.set(name, (answered.get(name) ?? false) || statuses.split(' ').some((s) => s < 300))
const never = suite === 'api' && !names.length ? [...answered].filter(([, good]) => !good).map(([name]) => name) : []

if (replies) console.log(`# ${replies} replies checked against the contract, of ${answered.size} operations`)
if (never.length) console.log(`# no test was answered well by: ${never.join(', ')}`)
console.log(`${suite}: ${counted('pass')} passed, ${counted('fail') + counted('cancelled') + never.length} failed`)
process.exitCode = (run.status ?? 1) || (never.length || !counted('pass') ? 1 : 0)
rmSync(scratch, { recursive: true })
