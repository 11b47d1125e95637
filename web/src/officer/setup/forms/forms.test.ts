import { describe, expect, test } from 'vitest'
import { marksOf } from './days'
import { differences } from './differences'
import { append, bodyOf, move, nameFor, put, read, write } from './text'

const text = `# Of the ward.
code: "2.000635"
name: {vi: Tên, en: Name} # as in the decision
steps:
  one: {status: 1}
  # The second is long, and stays as it was written however long its line may become: nobody lays out anew what nobody touched.
  two: {status: 4, title: {vi: Bước hai, en: The second}, actions: {approve: one, reject: {to: one, needs: [note]}}}
list:
  - a
  - b
`
const changed = (edit: (doc: NonNullable<ReturnType<typeof read>>) => void): string => {
  const doc = read(text)
  if (!doc) throw new Error('unreadable')
  edit(doc)
  return write(doc)
}

const body = (from: string) => {
  const doc = read(from)
  return doc ? bodyOf(doc) : {}
}

describe('a change made in the text', () => {
  test('leaves all else as it was, comments too', () => {
    expect(changed(() => undefined)).toBe(text)
    expect(changed((doc) => put(doc, ['name', 'vi'], 'Tên khác'))).toBe(text.replace('vi: Tên,', 'vi: Tên khác,'))
    expect(changed((doc) => put(doc, ['list', 0], undefined))).toBe(text.replace('  - a\n', ''))
  })
  test('adds, moves and takes away', () => {
    expect(changed((doc) => append(doc, ['list'], 'c'))).toBe(`${text}  - c\n`)
    expect(changed((doc) => append(doc, ['more'], { id: 'x' }))).toBe(`${text}more:\n  - id: x\n`)
    expect(body(changed((doc) => move(doc, ['list', 1], -1))).list).toEqual(['b', 'a'])
    expect(Object.keys(body(changed((doc) => move(doc, ['steps', 'one'], 1))).steps as object)).toEqual(['two', 'one'])
    expect(changed((doc) => move(doc, ['list', 0], -1))).toBe(text)
  })
  test('quotes what would be read as something else', () => {
    expect(body(changed((doc) => put(doc, ['list', 0], 'true'))).list).toEqual(['true', 'b'])
    expect(body(changed((doc) => put(doc, ['list', 0], '2.10'))).list).toEqual(['2.10', 'b'])
  })
  test('is not made in what no form can show', () => {
    expect(read('a: [1')).toBeNull()
    expect(read('42')).toBeNull()
    expect(read('a: 1\na: 2')).toBeNull()
  })
})

test('a name is made of a title, each once', () => {
  expect(nameFor('Nơi đăng ký', [])).toBe('noi_dang_ky')
  expect(nameFor('Nơi đăng ký', ['noi_dang_ky'])).toBe('noi_dang_ky_2')
  expect(nameFor('123', [], '-')).toBe('muc')
})

test('differences follow what rows are, not where they stand', () => {
  const before = { papers: [{ kind: 'a', title: { vi: 'A' } }, { kind: 'b', title: { vi: 'B' } }], fee: 1 }
  expect(differences(before, { papers: [before.papers[1], { kind: 'a', title: { vi: 'A2' } }], fee: 1 })).toEqual([
    { path: ['papers', 1, 'title', 'vi'], names: [null, 'A2', null, null], before: 'A', after: 'A2' },
  ])
  expect(differences(before, { ...before, fee: 2 })).toEqual([{ path: ['fee'], names: [null], before: 1, after: 2 }])
  expect(differences(before, { ...before, papers: [before.papers[0]] }).map(({ after }) => after)).toEqual([undefined])
})

test('a year shows its holidays, exchanges and half Saturdays', () => {
  const week = Object.fromEntries(['monday', 'tuesday', 'wednesday', 'thursday', 'friday'].map((day) => [day, ['07:30-11:30']]))
  const marks = marksOf({
    hours: [{ week }], units: [{ unit: 'H1', extra: [{ weekday: 'saturday', hours: ['07:30-11:30'], from: '2027-06-01' }] }],
    holidays: [{ id: 'tet', name: { vi: 'Tết' }, dates: ['2027-02-06'], offset: -1, days: 5 }, { id: 'new', name: {}, on: '01-01', from: '2028-01-01' }],
    official: [{ holiday: 'tet', year: 2026, first: '2026-02-16', last: '2026-02-20' }], swaps: [{ off: '2027-04-29', worked: '2027-05-08' }, { off: '2027-03-01', in_force: false }],
  }, 2027, 'H1')
  const kind = (day: string) => marks.get(day)?.kind
  expect(['2027-02-04', '2027-02-05', '2027-02-09', '2027-02-10'].map(kind)).toEqual([undefined, 'holiday', 'holiday', undefined])
  expect(['2027-04-29', '2027-05-08', '2027-03-01', '2027-01-01'].map(kind)).toEqual(['off', 'worked', undefined, undefined])
  expect(['2027-05-29', '2027-06-05', '2027-06-06'].map(kind)).toEqual(['rest', 'half', 'rest'])
})
