import type { Translated } from '.'
import type vi from './officer.vi'

const officer: Translated<typeof vi> = {
  title: 'Officer’s workplace',
}

export default officer
