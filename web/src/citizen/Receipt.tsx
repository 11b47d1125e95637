import { Button } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { Link, useParams } from 'react-router'
import { useCase } from '@/api/hooks'
import { Icon } from '@/components/Icon'
import { Loading } from '@/components/Loading'
import { ProblemView } from '@/components/Problems'
import { DateText } from '@/components/Text'
import { usePageTitle } from '@/components/usePage'
import './citizen.css'

export default function Receipt() {
  const { t } = useTranslation()
  const { code = '' } = useParams()
  const { data, error, isPending, refetch } = useCase(code)
  usePageTitle(t('receipt.title'))
  if (isPending) return <div className="page"><Loading lines={5} /></div>
  if (error && !data) return <div className="page"><ProblemView error={error} onRetry={() => void refetch()} /></div>
  return (
    <div className="page">
      <div className="receipt">
        <h1><Icon name="check" size={28} /> {t('receipt.title')}</h1>
        <p>{data.service.name}</p>
        <p className="receipt-label">{t('receipt.code')}</p>
        <p className="receipt-code code">{data.code}</p>
        {data.track_pin ? (
          <p>
            {t('receipt.pin')}: <strong className="code">{data.track_pin}</strong>
            <span className="hint line">{t('receipt.pin_hint')}</span>
          </p>
        ) : null}
      </div>
      <dl className="summary">
        <div><dt>{t('receipt.submitted')}</dt><dd><DateText value={data.submitted_at} time /></dd></div>
        <div><dt>{t('receipt.at')}</dt><dd>{data.unit.name}</dd></div>
        <div><dt>{t('receipt.due')}</dt><dd>{data.due_at ? <DateText value={data.due_at} time /> : t('receipt.due_later')}</dd></div>
      </dl>
      <h2>{t('receipt.next')}</h2>
      <ol>
        <li>{t('receipt.next_1', { unit: data.unit.name })}</li>
        <li>{t('receipt.next_2')}</li>
        <li>{t(`receipt.next_3_${data.delivery}`)}</li>
      </ol>
      <div className="form-buttons no-print">
        <Button leftSection={<Icon name="print" />} onClick={() => window.print()}>{t('receipt.print')}</Button>
        <Link to={`/ho-so/${encodeURIComponent(data.code)}`} className="button button-plain">{t('receipt.open')}</Link>
      </div>
    </div>
  )
}
