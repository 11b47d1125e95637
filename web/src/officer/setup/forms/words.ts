import { isObject } from '@/components/schema/pointer'

/** The Vietnamese words of a title, however it is written. */
export const wordsOf = (value: unknown): string => (isObject(value) && typeof value.vi === 'string' ? value.vi : typeof value === 'string' ? value : '')
