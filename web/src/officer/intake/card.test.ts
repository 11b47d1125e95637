import { describe, expect, it } from 'vitest'
import { disagreements, placeOf, readCard } from './card'

const scanned = '079080001234|024123456|Nguyễn Thị Lan|15081980|Nữ|12 Lê Lợi, phường Bến Thành, TP. Hồ Chí Minh|10062021'

describe('the code of an identity card', () => {
  it('gives who it is', () => {
    expect(readCard(scanned)).toEqual({
      number: '079080001234', name: 'Nguyễn Thị Lan', birth: '1980-08-15', sex: 'Nữ', address: '12 Lê Lợi, phường Bến Thành, TP. Hồ Chí Minh',
    })
  })
  it.each([
    ['an empty old number', '079080001234||Nguyễn Thị Lan|15081980|Nữ|12 Lê Lợi|10062021', '1980-08-15'],
    ['more fields than seven', `${scanned}||||`, '1980-08-15'],
    ['a scanner that adds a line end', `${scanned}\r\n`, '1980-08-15'],
    ['a year of birth alone', '079080001234||Nguyễn Thị Lan|1980|Nữ|12 Lê Lợi|10062021', ''],
  ])('reads %s', (_says, text, birth) => {
    expect(readCard(text)?.birth).toBe(birth)
  })
  it.each([['a number typed by hand', '079080001234'], ['a name', 'Nguyễn Thị Lan'], ['nine digits', '024123456||Lan|15081980|Nữ||']])('is not %s', (_says, text) => {
    expect(readCard(text)).toBeNull()
  })
})

describe('a card and the record', () => {
  const card = readCard(scanned)
  const record = { full_name: 'NGUYỄN THỊ LAN', birth_date: '1980-08-15', sex: 'female' }
  it.each([
    ['agree but for capitals', record, []],
    ['differ in the name', { ...record, full_name: 'Nguyễn Thị Loan' }, ['name']],
    ['differ in birth and sex', { ...record, birth_date: '1981-08-15', sex: 'male' }, ['birth', 'sex']],
    ['agree when the record is silent', { full_name: 'Nguyễn Thị Lan' }, []],
  ])('%s', (_says, given, differ) => {
    expect(card && disagreements(card, given)).toEqual(differ)
  })
})

describe('the code on a paper', () => {
  it.each([
    ['https://motcua.example/verify/0A1B2C3D4E5F', '/verify/0A1B2C3D4E5F'],
    ['H29.1.5-261121-0001', '/can-bo/ho-so/H29.1.5-261121-0001'],
    ['https://motcua.example/tra-cuu/H29.1.5-261121-0001?pin=12', '/can-bo/ho-so/H29.1.5-261121-0001'],
    ['079080001234|024123456|Nguyễn Thị Lan|15081980|Nữ|12 Lê Lợi|10062021', null],
    ['https://elsewhere.example/', null],
  ])('%s leads to %s', (text, place) => {
    expect(placeOf(text)).toBe(place)
  })
})
