import { useTranslation } from 'react-i18next'
import type { Manner, Service, ServiceRow } from '@/api/types'
import { useFormat } from '@/components/format'

export const fieldName = (field: Service['field']): string => (typeof field === 'string' ? field : (field?.name ?? ''))

/** The way most will take: online when there is one. */
export const mainManner = ({ manners }: Pick<ServiceRow, 'manners'>): Manner | undefined =>
  manners?.find(({ channel }) => channel === 'online') ?? manners?.[0]

export const canApplyOnline = (service: ServiceRow): boolean => service.level !== 'information' && service.counter_only !== true

/** How long and how much, in words. */
export function useFacts() {
  const { t } = useTranslation()
  const format = useFormat()
  const limit = (given: Manner['limit']): string =>
    given === null ? t('limit.unstated') : given.unit === 'same-day' ? t('limit.same-day') : t(`limit.${given.unit}`, { count: given.value })
  const fees = (manner: Manner): string[] => {
    const said = manner.fees.map(({ amount, text }) => text || format.money(amount))
    return said.length > 0 ? said : [t('money.unstated')]
  }
  return { limit, fees }
}
