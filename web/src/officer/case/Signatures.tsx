import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { call } from '@/api/http'
import type { DocumentMeta, Signature, SignatureCheck } from '@/api/types'
import { Chip, type Meaning } from '@/components/Chips'
import { useFormat } from '@/components/format'
import type { IconName } from '@/components/Icon'

const look: Record<SignatureCheck['outcome'], [Meaning, IconName]> = {
  waiting: ['plain', 'clock'], unsigned: ['plain', 'file'], sound: ['good', 'check'], untrusted: ['soon', 'warning'], expired: ['soon', 'warning'],
  revoked: ['bad', 'cross'], changed: ['bad', 'cross'], partial: ['bad', 'cross'], altered: ['bad', 'cross'], encrypted: ['soon', 'lock'],
  broken: ['bad', 'cross'], unreadable: ['bad', 'cross'],
}

/** What the city found of the signatures in a paper that was handed in; asked again until it has looked. */
function useCheck(paper: DocumentMeta) {
  return useQuery({
    queryKey: ['document', paper.id],
    queryFn: ({ signal }) => call<{ check: SignatureCheck | null }>(`/documents/${encodeURIComponent(paper.id)}`, { signal }),
    enabled: paper.media_type === 'application/pdf',
    refetchInterval: ({ state }) => (state.data?.check?.outcome === 'waiting' ? 2000 : false),
  })
}

function Row({ of }: { of: Signature }) {
  const { t } = useTranslation('officer')
  const { instant } = useFormat()
  const [meaning, icon] = look[of.outcome]
  const at = of.stamped_at ?? of.signed_at
  return (
    <li>
      <Chip meaning={meaning} icon={icon}>{t(`check.${of.outcome}`)}</Chip>{' '}
      <span>{t('check.by', { who: of.signer ?? t('check.nobody'), organisation: of.organisation ?? '–' })}</span>{' '}
      {at ? <span>{t(of.stamped_at ? 'check.stamped' : 'check.claimed', { at: instant(at) })}</span> : null}{' '}
      {of.level ? <span>{t(`check.level_${of.level}`)}</span> : null}{' '}
      <span>{t(`check.revocation_${of.revocation}`)}</span>{' '}
      {of.changes === 'none' ? null : <span>{t(`check.after_${of.changes}`)}</span>}
    </li>
  )
}

export function Signatures({ of: paper }: { of: DocumentMeta }) {
  const { t } = useTranslation('officer')
  const check = useCheck(paper).data?.check
  if (!check || check.outcome === 'unsigned') return null
  const [meaning, icon] = look[check.outcome]
  return (
    <section className="signatures" aria-label={t('check.title')}>
      <p aria-live="polite"><Chip meaning={meaning} icon={icon}>{t(`check.${check.outcome}`)}</Chip> {t(`check.says_${check.outcome}`)}</p>
      {check.signatures.length > 0 ? <ul>{check.signatures.map((one, i) => <Row key={`${i}-${one.serial ?? ''}`} of={one} />)}</ul> : null}
    </section>
  )
}
