import { Button, TextInput } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useHandOvers, useParcelCall, useShipment } from '@/api/hooks'
import type { Case, ShipmentView } from '@/api/types'
import { useFormat } from '@/components/format'
import { Icon } from '@/components/Icon'
import { ErrorSummary, ProblemView } from '@/components/Problems'
import { HandOvers } from './HandOvers'

type Call = ReturnType<typeof useParcelCall>

/** The parcel to be: the receiver as the city knows them, to be checked. */
function Send({ code, view, call }: { code: string; view: ShipmentView; call: Call }) {
  const { t } = useTranslation('officer')
  const format = useFormat()
  const [to, setTo] = useState({ name: view.receiver?.name ?? '', phone: view.receiver?.phone ?? '', address: view.receiver?.address ?? '', number: '' })
  const [tried, setTried] = useState(false)
  const { place } = view.receiver ?? {}
  const lacks = !to.name.trim() || !to.phone.trim() || !to.address.trim()
  const set = (name: keyof typeof to) => (event: { currentTarget: { value: string } }) => setTo({ ...to, [name]: event.currentTarget.value })
  const go = () => {
    setTried(lacks)
    if (lacks) return
    const { number, ...receiver } = to
    const known = place && receiver.address === view.receiver?.address ? { place } : {}
    call.mutate({ path: `/cases/${encodeURIComponent(code)}/shipment`, body: { ...receiver, ...known, ...(number.trim() && { number: number.trim() }) } })
  }
  return (
    <form className="fields" noValidate onSubmit={(event) => { event.preventDefault(); go() }}>
      <p>{view.carrier ? t('parcel.lead') : t('parcel.no_carrier')}</p>
      {tried && lacks ? <ErrorSummary errors={[{ message: t('parcel.missing') }]} /> : null}
      <TextInput required label={t('parcel.name')} value={to.name} onChange={set('name')} />
      <TextInput required type="tel" label={t('parcel.phone')} value={to.phone} onChange={set('phone')} />
      <TextInput required label={t('parcel.address')} value={to.address} onChange={set('address')} />
      <TextInput required={!view.carrier} label={t('parcel.number')} description={view.carrier ? t('parcel.number_hint') : undefined} value={to.number} onChange={set('number')} />
      {view.carrier && view.fee_due > 0 ? <p><Icon name="warning" size={16} /> {t('parcel.cod', { amount: format.money(view.fee_due) })}</p> : null}
      <div><Button type="submit" loading={call.isPending}>{t('parcel.send')}</Button></div>
    </form>
  )
}

/** Where it is, and what may be recorded by hand. */
function Way({ code, view, call }: { code: string; view: ShipmentView; call: Call }) {
  const { t } = useTranslation('officer')
  const format = useFormat()
  const [note, setNote] = useState('')
  const { shipment } = view
  if (!shipment) return null
  const bad = shipment.state === 'lost' || shipment.state === 'returned'
  return (
    <>
      <p>
        <strong className={bad ? 'said-bad' : undefined}>{bad ? <Icon name="warning" size={16} /> : null} {shipment.state_title}</strong>
        {shipment.number ? <> <span className="code">{shipment.number}</span></> : null}
      </p>
      <p className="hint">{shipment.receiver.name}, {shipment.receiver.phone}, {shipment.receiver.address}</p>
      <ol className="handovers">
        {shipment.events.map((one) => <li key={one.at + one.state} className="hint">{format.instant(one.at)} {one.state_title}{one.note ? `: ${one.note}` : ''}</li>)}
      </ol>
      {view.record.length > 0 ? (
        <details>
          <summary>{t('parcel.note')}</summary>
          <div className="fields">
            <TextInput label={t('parcel.note')} value={note} onChange={(event) => setNote(event.currentTarget.value)} />
            <div className="row">
              {view.record.map((state) => (
                <Button
                  key={state} size="xs" variant="default" loading={call.isPending}
                  onClick={() => call.mutate({ path: `/cases/${encodeURIComponent(code)}/shipment/state`, body: { state, ...(note.trim() && { note: note.trim() }) } })}
                >
                  {t('parcel.record', { state: t(`parcel.states.${state}`) })}
                </Button>
              ))}
            </div>
          </div>
        </details>
      ) : null}
    </>
  )
}

/** The parcel of a case whose result goes by post, and the trouble that its order has. */
export function Parcel({ of }: { of: Case }) {
  const { t } = useTranslation('officer')
  const posted = of.delivery === 'post' && of.status >= 9
  const handOvers = useHandOvers(of.code, posted)
  const { data } = useShipment(of.code, posted && handOvers.data !== undefined, handOvers.rows.map(({ id, state }) => id + state).join())
  const call = useParcelCall(of.code)
  if (!posted || !data) return null
  return (
    <>
      {data.may_send || data.shipment ? (
        <section className="parcel" aria-labelledby="parcel">
          <h2 id="parcel">{t('parcel.title')}</h2>
          {call.error ? <ProblemView error={call.error} /> : null}
          <Way code={of.code} view={data} call={call} />
          {data.may_send ? <Send key={data.shipment?.id ?? ''} code={of.code} view={data} call={call} /> : null}
        </section>
      ) : null}
      <HandOvers code={of.code} enabled={posted} />
    </>
  )
}
