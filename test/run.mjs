// Runs the black-box suites: node test/run.mjs api|fault [name…]. Makes the demo city once, runs the files side by side,
// and at the end says how many replies were checked against the contract and which operation nobody asked.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { demoCity } from './api/harness.mjs'

const [suite = 'api', ...names] = process.argv.slice(2)
const folder = join(import.meta.dirname, suite)
const files = readdirSync(folder).filter((f) => f.endsWith('.test.mjs') && (!names.length || names.some((n) => f.startsWith(`${n}.`))))
const seen = mkdtempSync(join(tmpdir(), 'motcua-seen-'))

console.log(`# demo city: ${demoCity()}`)
const run = spawnSync(process.execPath, ['--test', '--test-reporter=spec', `--test-concurrency=${suite === 'api' ? availableParallelism() + 1 : 1}`, ...files.map((f) => join(folder, f))], {
  stdio: 'inherit',
  env: { ...process.env, MOTCUA_SEEN: seen },
})

const answered = new Map()
let replies = 0
for (const file of existsSync(seen) ? readdirSync(seen) : [])
  for (const [name, statuses] of readFileSync(join(seen, file), 'utf8').split('\n').map((line) => line.split('\t')))
    if (name === 'replies') replies += Number(statuses)
    else if (name) answered.set(name, (answered.get(name) ?? false) || statuses.split(' ').some((s) => s < 300))
rmSync(seen, { recursive: true })
console.log(`# ${replies} replies checked against the contract, of ${answered.size} operations`)
const never = [...answered].filter(([, good]) => !good).map(([name]) => name)
if (never.length) console.log(`# answered only with problems: ${never.join(', ')}`)
process.exitCode = run.status ?? 1
