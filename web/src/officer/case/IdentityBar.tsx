import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import type { Case } from '@/api/types'
import { StatusChip } from '@/components/Chips'
import { Icon } from '@/components/Icon'
import { Due, useWhen } from '../Due'
import { listAddress, neighbours } from '../neighbours'
import { holderName } from './changes'

/** Who, what, due when, where it is and who has it: in sight whatever else is scrolled. */
export function IdentityBar({ of, now }: { of: Case; now: number }) {
  const { t } = useTranslation('officer')
  const when = useWhen()
  const { before, after } = neighbours(of.code)
  const to = (code: string) => `/can-bo/ho-so/${encodeURIComponent(code)}`
  const behalf = of.submitter && of.submitter.id !== of.applicant.id ? of.submitter.name : null
  return (
    <header className="identity">
      <div className="identity-who">
        <nav className="identity-way no-print" aria-label={t('dossier.identity')}>
          <Link to={listAddress()}><Icon name="left" size={16} /> {t('dossier.back')}</Link>
          {before ? <Link to={to(before)}>{t('dossier.previous')} <kbd>k</kbd></Link> : null}
          {after ? <Link to={to(after)}>{t('dossier.next')} <kbd>j</kbd></Link> : null}
        </nav>
        <h1>{of.applicant.name}</h1>
        <p className="identity-what">
          <strong>{of.service.name}</strong>
          <span className="code">{of.code}</span>
          {of.applicant.number ? <span>{t('dossier.born', { number: of.applicant.number })}</span> : null}
          {behalf ? <span>{t('dossier.behalf', { name: behalf })}</span> : null}
        </p>
      </div>
      <dl className="identity-facts">
        <div><dt>{t('dossier.due')}</dt><dd><Due of={of} now={now} /></dd></div>
        <div>
          <dt>{t('dossier.step')}</dt>
          <dd>
            {of.step ? <strong>{of.step.title}</strong> : <StatusChip status={of.status} />}
            {of.silent ? <span className="hint line"><Icon name="clock" size={16} /> {t('dossier.silent')}</span> : null}
            {of.step?.due_at && of.status < 9 ? <span className="hint line">{t('dossier.step_due', { at: when(of.step.due_at, now, 'day') })}</span> : null}
          </dd>
        </div>
        {of.parent ? <div><dt>{t('dossier.parent')}</dt><dd><Link to={to(of.parent)} className="code">{of.parent}</Link></dd></div> : null}
        <div><dt>{t('dossier.holder')}</dt><dd>{holderName(of) ?? <span className="hint">{t('inbox.nobody')}</span>}</dd></div>
      </dl>
    </header>
  )
}
