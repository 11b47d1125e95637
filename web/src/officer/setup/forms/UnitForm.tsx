import { useTranslation } from 'react-i18next'
import { Field, Part, Ticks, Title, Box, type Option } from './fields'
import { useEditing, useValue } from './editing'
import { useOffers, useUnits } from './known'
import { append } from './text'

const kinds = ['city', 'department', 'ward', 'commune', 'special-zone', 'district'] as const

function Successors({ units }: { units: readonly Option[] }) {
  const { t } = useTranslation('setup')
  const { change } = useEditing()
  const [value] = useValue(['successors'])
  const chosen = Array.isArray(value) ? value.map(String) : []
  return (
    <>
      {chosen.length > 0 ? <Ticks path={['successors']} label={t('successors')} options={units.filter((one) => chosen.includes(one.value))} /> : null}
      <Box path={['successors', 'more']} label={t('add_successor')} hint={t('successor_hint')} value="" none={t('choose')} options={units.filter((one) => !chosen.includes(one.value))} onTake={(one) => { if (one) change((doc) => append(doc, ['successors'], one)) }} />
    </>
  )
}

const others = (name: string, count: number) => `${name} (+${count})`

export function UnitForm() {
  const { t } = useTranslation('setup')
  const units = useUnits()
  const choices = units.map(({ key, title }) => ({ value: key, label: `${title ?? key} (${key})` }))
  const offers = useOffers(others)
  return (
    <>
      <Part title={t('part_unit')}>
        <Title path={['name']} label={t('unit_name')} />
        <Field path={['kind']} label={t('unit_kind')} options={kinds.map((one) => ({ value: one, label: t(`unit_kinds.${one}`) }))} />
        <Field path={['parent']} label={t('parent')} options={choices} none={t('no_parent')} />
        <Field path={['place']} label={t('place')} hint={t('place_hint')} />
        <Ticks path={['offers']} label={t('offers')} options={offers} />
      </Part>
      <Part title={t('part_contact')}>
        <Field path={['address']} label={t('address')} />
        <Field path={['phone']} label={t('phone')} type="tel" />
      </Part>
      <Part title={t('part_life')}>
        <div className="set-pair">
          <Field path={['from']} label={t('unit_from')} type="date" />
          <Field path={['to']} label={t('unit_to')} type="date" />
        </div>
        <Successors units={choices} />
      </Part>
    </>
  )
}
