// The citizen's first load: every script that the home page asks for, compressed. Fails over the budget.
import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'

const BUDGET = 200 * 1024
const dist = new URL('../dist/', import.meta.url)
const manifest = JSON.parse(readFileSync(new URL('.vite/manifest.json', dist), 'utf8'))

/** The entry, one catalogue, and the home page: what a first visit to / loads. */
const roots = ['index.html', 'src/i18n/vi.ts', 'src/citizen/Home.tsx']
const seen = new Set()
function take(key) {
  if (seen.has(key)) return
  if (!manifest[key]) throw new Error(`${key} is not in the manifest: name the first load in tools/size.mjs`)
  seen.add(key)
  for (const needed of manifest[key].imports ?? []) take(needed)
}
roots.forEach(take)

let total = 0
for (const file of new Set([...seen].map((key) => manifest[key].file))) {
  const size = gzipSync(readFileSync(new URL(file, dist)), { level: 9 }).length
  total += size
  console.log(`${(size / 1024).toFixed(1).padStart(8)} KB  ${file}`)
}
console.log(`${(total / 1024).toFixed(1).padStart(8)} KB  of ${BUDGET / 1024} KB: the citizen's first load`)
if (total > BUDGET) process.exit(1)
