import { Button } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { call } from '@/api/http'
import type { Access } from '@/api/types'
import { useFormat } from '@/components/format'
import { Icon } from '@/components/Icon'
import { ProblemView } from '@/components/Problems'
import { fingerprint, isConsistent, isIncluded, isSigned, type Proof, type Root } from './merkle'

interface Outcome {
  state: 'proven' | 'waiting' | 'broken' | 'broken_key'
  proven: number
  waiting: number
  grown: boolean
  root: Root | null
  key: string
}

/** What this browser saw last: a log that is told anew to each of us would not fit it. */
const memory = 'vault-root'
function remembered(): { size: number; hash: string; key: string } | null {
  try {
    return JSON.parse(localStorage.getItem(memory) ?? 'null') as { size: number; hash: string; key: string } | null
  } catch {
    return null
  }
}

async function prove(rows: readonly Access[]): Promise<Outcome> {
  const out: Outcome = { state: 'waiting', proven: 0, waiting: 0, grown: false, root: null, key: '' }
  for (const { leaf } of rows) {
    const proof = await call<Proof>(`/vault/access-log/${leaf.index}/proof`)
    if (!proof.root) {
      out.waiting++
      continue
    }
    // The row as it is shown, not as the proof repeats it.
    const good = (await isIncluded({ ...proof, text: leaf.text })) && (await isSigned(proof.root))
    out.root = proof.root
    if (!good) return { ...out, state: 'broken' }
    out.proven++
  }
  if (!out.root) return out
  const before = remembered()
  out.key = await fingerprint(out.root)
  if (before && before.key !== out.key) return { ...out, state: 'broken_key' }
  if (before) {
    const { path } = await call<{ path: string[] }>(`/vault/roots/${out.root.size}/consistency`, { query: { from: before.size } })
    if (!(await isConsistent(before, out.root, path))) return { ...out, state: 'broken' }
    out.grown = true
  }
  localStorage.setItem(memory, JSON.stringify({ size: out.root.size, hash: out.root.hash, key: out.key }))
  return { ...out, state: 'proven' }
}

/** Reckons every row that is shown, here in the browser, up to the signed root. */
export function ProofCheck({ rows }: { rows: readonly Access[] }) {
  const { t } = useTranslation()
  const format = useFormat()
  const [busy, setBusy] = useState(false)
  const [outcome, setOutcome] = useState<Outcome | null>(null)
  const [error, setError] = useState<Error | null>(null)
  const run = async () => {
    setBusy(true)
    setError(null)
    setOutcome(null)
    try {
      setOutcome(await prove(rows))
    } catch (problem) {
      setError(problem as Error)
    }
    setBusy(false)
  }
  const bad = outcome?.state === 'broken' || outcome?.state === 'broken_key'
  return (
    <div className="proof">
      <p className="hint">{t('vault.prove_hint')}</p>
      <Button variant="default" loading={busy} onClick={() => void run()}>{t('vault.prove')}</Button>
      <div role="status">
        {outcome && bad ? <p className="bad"><Icon name="cross" /> {t(outcome.state === 'broken' ? 'vault.broken' : 'vault.broken_key')}</p> : null}
        {outcome && !bad && outcome.root ? (
          <p><Icon name="check" /> {t('vault.proven', { count: outcome.proven, at: format.instant(outcome.root.at) })} {outcome.grown ? t('vault.proven_grown') : ''}</p>
        ) : null}
        {outcome && !bad && !outcome.root ? <p><Icon name="clock" /> {t('vault.no_root')}</p> : null}
        {outcome && outcome.waiting > 0 && outcome.root ? <p className="hint">{t('vault.waiting', { count: outcome.waiting })}</p> : null}
        {outcome?.key ? <p className="hint fingerprint">{t('vault.key', { key: outcome.key })}</p> : null}
      </div>
      {error ? <ProblemView error={error} onRetry={() => void run()} /> : null}
    </div>
  )
}
