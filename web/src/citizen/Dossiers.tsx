import { Button } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { useCases, useMe } from '@/api/hooks'
import type { CaseRow } from '@/api/types'
import { EmptyState } from '@/components/EmptyState'
import { Loading } from '@/components/Loading'
import { ProblemView } from '@/components/Problems'
import { usePageTitle } from '@/components/usePage'
import { DossierList } from './DossierList'
import { Unfinished } from './Unfinished'
import './citizen.css'

const waitsForCitizen = ({ status }: CaseRow) => status === 5 || status === 6
const isFinished = ({ status }: CaseRow) => status === 3 || status >= 7

export default function Dossiers() {
  const { t } = useTranslation()
  const { data: me } = useMe()
  const { rows, error, isPending, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useCases({ box: 'mine' })
  usePageTitle(t('dossiers.title'))
  const groups = [
    { id: 'attention', cases: rows.filter(waitsForCitizen) },
    { id: 'rest', cases: rows.filter((one) => !waitsForCitizen(one) && !isFinished(one)) },
    { id: 'finished', cases: rows.filter(isFinished) },
  ] as const
  return (
    <div className="page">
      <h1>{t('dossiers.title')}</h1>
      {me ? <Unfinished me={me} heading="h2" /> : null}
      {isPending ? <Loading lines={5} /> : null}
      {error ? <ProblemView error={error} onRetry={() => void refetch()} /> : null}
      {!isPending && !error && rows.length === 0 ? (
        <EmptyState title={t('dossiers.none')}>
          <p>{t('dossiers.none_hint')}</p>
          <Link to="/thu-tuc" className="button">{t('dossiers.find')}</Link>
        </EmptyState>
      ) : null}
      {groups.map(({ id, cases }) =>
        cases.length > 0 ? (
          <section key={id} aria-labelledby={id}>
            <h2 id={id}>{t(`dossiers.${id}`)}</h2>
            <DossierList cases={cases} />
          </section>
        ) : null)}
      {hasNextPage ? <Button variant="default" loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>{t('common.more')}</Button> : null}
    </div>
  )
}
