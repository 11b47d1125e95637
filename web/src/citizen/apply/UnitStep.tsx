import { Radio, TextInput } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useUnits } from '@/api/hooks'
import type { Me, Unit } from '@/api/types'
import { Loading } from '@/components/Loading'
import { ProblemView } from '@/components/Problems'

const SHOWN = 8

const KIND = /^(phường|xã|đặc khu)\s+/i

/** "12 đường Hoa Sen, Phường Bến Thành, Thành phố …" → "Phường Bến Thành" */
const wardIn = (address: string | null): string | undefined =>
  address?.split(',').map((part) => part.trim()).find((part) => KIND.test(part))

/** As the server folds: no marks, đ as d, lower case. */
const folded = (text: string): string => text.normalize('NFD').replace(/\p{M}/gu, '').replaceAll('đ', 'd').replaceAll('Đ', 'd').toLowerCase()

/** The citizen's own place: said by their account, or found in their address by its bare name, which both languages share. */
export function useOwnUnit(me: Me, service: string): Unit | null {
  const said = me.roles.find(({ role, unit }) => role === 'citizen' && unit)?.unit
  const name = wardIn(me.party.address)?.replace(KIND, '')
  const { rows } = useUnits({ service, limit: '200' })
  if (said) return rows.find(({ code }) => code === said.code) ?? null
  if (!name) return null
  const words = ` ${folded(name)} `
  return rows.find((unit) => ` ${folded(unit.name)} `.includes(words)) ?? null
}

interface UnitStepProps {
  service: string
  own: Unit | null
  chosen: string | null
  error: string | undefined
  onChoose: (code: string) => void
}

export function UnitStep({ service, own, chosen, error, onChoose }: UnitStepProps) {
  const { t } = useTranslation()
  const [words, setWords] = useState('')
  // A city's list is short enough to have whole: searching it then needs no network.
  const { rows, isPending, error: problem, refetch } = useUnits({ service, limit: '200' })
  const q = folded(words.trim())
  const fitting = q === '' ? rows : rows.filter(({ name }) => folded(name).includes(q))
  const first = q === '' ? [own, rows.find(({ code }) => code === chosen)].filter((unit) => unit !== null && unit !== undefined) : []
  const all = [...new Map([...first, ...fitting].map((unit) => [unit.code, unit])).values()]
  const shown = all.slice(0, SHOWN)
  const more = all.length > SHOWN

  return (
    <div className="fields">
      {rows.length > SHOWN ? (
        <TextInput
          label={t('apply.unit_search')} description={t('apply.unit_hint')} value={words} type="search" autoComplete="off"
          onChange={(event) => setWords(event.currentTarget.value)}
        />
      ) : null}
      {problem ? <ProblemView error={problem} onRetry={() => void refetch()} /> : null}
      {isPending ? <Loading /> : (
        <Radio.Group id="unit" label={t('apply.unit_list')} value={chosen} onChange={onChoose} error={error}>
          <div className="choices">
            {shown.map((unit) => (
              <Radio key={unit.code} value={unit.code} label={unit.name} description={unit.code === own?.code ? t('apply.unit_own') : undefined} />
            ))}
          </div>
        </Radio.Group>
      )}
      <p role="status" className="hint">{!isPending && shown.length === 0 ? t('apply.unit_none') : more ? t('apply.unit_more') : ''}</p>
    </div>
  )
}
