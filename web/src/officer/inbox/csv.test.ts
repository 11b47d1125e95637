import { describe, expect, it } from 'vitest'
import { csvOf } from './csv'

describe('what a spreadsheet is given', () => {
  it.each([
    ['a name as it is', ['Nguyễn Thị Lan'], '"Nguyễn Thị Lan"'],
    ['commas and quotes stay inside', ['một, "hai"'], '"một, ""hai"""'],
    ['a formula stays text', ['=1+1'], '"\'=1+1"'],
    ['two cells', ['a', 'b'], '"a","b"'],
  ])('%s', (_says, row, line) => {
    expect(csvOf([row])).toBe(`\uFEFF${line}\r\n`)
  })
})
