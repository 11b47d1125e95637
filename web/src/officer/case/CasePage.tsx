import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useNavigate, useParams } from 'react-router'
import { useAction, useCase, useCaseEvents, useCaseSlips } from '@/api/hooks'
import type { Case, Entry } from '@/api/types'
import { useActionWords } from '@/components/useActionWords'
import { Asked } from '@/components/Asked'
import { FlowPicture } from '@/components/FlowPicture'
import { Icon } from '@/components/Icon'
import { Loading } from '@/components/Loading'
import { ProblemView } from '@/components/Problems'
import { usePageTitle } from '@/components/usePage'
import { useDefinition } from '../api'
import { useKeys } from '../keys'
import { listAddress, neighbours } from '../neighbours'
import { useNow } from '../now'
import { Actions } from './Actions'
import { useChanges } from './changes'
import { EntryPicker } from './EntryPicker'
import { FormPanel } from './FormPanel'
import { History } from './History'
import { IdentityBar } from './IdentityBar'
import { PapersPanel, readables } from './PapersPanel'
import { Parcel } from './Parcel'

function Dossier({ of }: { of: Case }) {
  const { t } = useTranslation('officer')
  const navigate = useNavigate()
  const now = useNow()
  const { definition } = useDefinition(of.service.code)
  const events = useCaseEvents(of.code)
  const slips = useCaseSlips(of.code)
  const run = useAction(of.code)
  const changes = useChanges()
  const words = useActionWords()
  /** The version that this person has seen: what comes after it by another's hand is told. */
  const [seen, setSeen] = useState(of)
  const [paper, setPaper] = useState<string | null>(null)
  const [finding, setFinding] = useState(false)
  const [entry, setEntry] = useState<Entry | null>(null)
  usePageTitle(`${of.applicant.name} · ${of.service.name}`)

  const changed = of.version > seen.version && !run.isPending
  const last = events.rows.at(-1)
  const { before, after } = neighbours(of.code)
  const to = (code: string | null) => (code ? () => void navigate(`/can-bo/ho-so/${encodeURIComponent(code)}`) : undefined)
  const turn = (by: 1 | -1) => {
    const all = readables(of, slips.rows)
    const at = Math.max(0, all.findIndex(({ id }) => id === paper))
    setPaper(all[Math.min(all.length - 1, Math.max(0, at + by))]?.id ?? null)
  }
  useKeys({
    j: to(after), k: to(before), '[': () => turn(-1), ']': () => turn(1), '/': () => void navigate(listAddress()),
    Escape: () => { if (finding) setFinding(false) },
  })

  return (
    <div className="desk dossier">
      <IdentityBar of={of} now={now} />
      <div role="status">
        {changed ? (
          <div className="changed">
            <Icon name="bell" size={18} />
            <div>
              <p>
                <strong>{t('dossier.changed')}.</strong>{' '}
                {last ? t('dossier.changed_by', { who: last.actor?.name ?? '', what: words(last.action) }) : null}
              </p>
              <ul>{changes(seen, of).map((line) => <li key={line}>{line}</li>)}</ul>
            </div>
            <button type="button" className="small-button" onClick={() => setSeen(of)}>{t('dossier.seen')}</button>
          </div>
        ) : null}
      </div>
      <div className={finding || readables(of, slips.rows).length > 0 ? 'columns' : 'columns columns-plain'}>
        {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reachable by keys */}
        <section className="panel panel-form" aria-labelledby="panel-form" tabIndex={0}>
          <h2 id="panel-form">{t('dossier.form')}</h2>
          <FormPanel of={of} definition={definition} />
        </section>
        <section className="panel panel-papers" aria-label={t('dossier.papers')}>
          {finding ? (
            <EntryPicker code={of.code} form={of.form} chosen={entry} onChoose={setEntry} onClose={() => setFinding(false)} />
          ) : (
            <>
              <h2>{t('dossier.papers')}</h2>
              <PapersPanel of={of} slips={slips.rows} open={paper} onOpen={setPaper} />
            </>
          )}
        </section>
        {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reachable by keys */}
        <section className="panel panel-acts" aria-labelledby="panel-acts" tabIndex={0}>
          <h2 id="panel-acts">{t('dossier.actions')}</h2>
          <Actions of={of} now={now} definition={definition} run={run} entry={entry} onFindEntry={setFinding} onDone={setSeen} />
          <Parcel of={of} />
          <Asked of={of} to={(code) => `/can-bo/ho-so/${encodeURIComponent(code)}`} />
          <FlowPicture of={of} />
          <h2>{t('dossier.history')}</h2>
          <History events={events.rows} now={now} />
        </section>
      </div>
    </div>
  )
}

export default function CasePage() {
  const { t } = useTranslation('officer')
  const { code = '' } = useParams()
  const found = useCase(code)
  if (found.data) return <Dossier key={found.data.code} of={found.data} />
  return (
    <div className="desk">
      {found.error ? (
        <>
          <ProblemView error={found.error} onRetry={() => void found.refetch()} />
          <p><Link to={listAddress()}>{t('dossier.back')}</Link></p>
        </>
      ) : <Loading lines={8} />}
    </div>
  )
}
