import { useTranslation } from 'react-i18next'
import { useHandOvers, useShipment } from '@/api/hooks'
import type { Case } from '@/api/types'
import { useFormat } from '@/components/format'
import { Icon } from '@/components/Icon'
import { DateText } from '@/components/Text'

/** Where the parcel is; while it waits for another system, whose work that is and when it goes on. */
export function Parcel({ of }: { of: Case }) {
  const { t } = useTranslation()
  const format = useFormat()
  const posted = of.delivery === 'post' && of.status >= 9
  const { data } = useShipment(of.code, posted)
  const handOvers = useHandOvers(of.code, posted)
  if (!posted || !data) return null
  const { shipment } = data
  const stuck = handOvers.rows.find(({ state }) => state === 'failed')
  return (
    <section aria-labelledby="parcel">
      <h2 id="parcel">{t('parcel.title')}</h2>
      {!shipment ? (of.status === 9 ? <p>{t('parcel.waits')}</p> : null) : (
        <div className="card">
          <p className="card-title" role="status">{shipment.state_title}</p>
          <dl className="summary">
            {shipment.number ? <div><dt>{t('parcel.number')}</dt><dd className="code">{shipment.number}</dd></div> : null}
            <div><dt>{t('parcel.to')}</dt><dd>{shipment.receiver.name}, {shipment.receiver.phone}, {shipment.receiver.address}</dd></div>
          </dl>
          {shipment.cod > 0 && shipment.state !== 'delivered' ? <p>{t('parcel.cod', { amount: format.money(shipment.cod) })}</p> : null}
          {stuck ? (
            <p role="status">
              <Icon name="clock" size={16} /> {t('parcel.trouble', { system: stuck.system.name, unit: stuck.unit?.name ?? '' })}{' '}
              {stuck.next_at ? t('parcel.again', { at: format.instant(stuck.next_at) }) : t('parcel.by_hand')}
            </p>
          ) : null}
          <ol className="plain" aria-label={t('parcel.log')}>
            {shipment.events.map(({ at, state, state_title: title }) => <li key={at + state} className="hint"><DateText value={at} time /> {title}</li>)}
          </ol>
        </div>
      )}
    </section>
  )
}
