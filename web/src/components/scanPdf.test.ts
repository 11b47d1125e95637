import { describe, expect, it } from 'vitest'
import { pdfOf } from './scanPdf'

const page = (n: number, width: number, height: number) => ({ jpeg: new Uint8Array([0xff, 0xd8, n, 0xff, 0xd9]), width, height })

describe('pictures as a PDF', () => {
  it('names where each of its objects begins, to the byte', async () => {
    const bytes = new Uint8Array(await pdfOf([page(1, 30, 40), page(200, 40, 30)]).arrayBuffer())
    const said = new TextDecoder('latin1').decode(bytes)
    const table = Number(/startxref\n(\d+)/.exec(said)?.[1])
    expect(said.slice(table, table + 4)).toBe('xref')
    const rows = [...said.slice(table).matchAll(/^(\d{10}) 00000 n $/gm)].map(([, at]) => Number(at))
    expect(rows).toHaveLength(8)
    rows.forEach((at, i) => expect(said.slice(at)).toMatch(new RegExp(`^${i + 1} 0 obj\n`)))
    expect(said).toContain('/Count 2 /Kids [3 0 R 6 0 R]')
  })
  it('lays a wide picture on a lying sheet, in the middle', async () => {
    const said = await pdfOf([page(1, 40, 20)]).text()
    expect(said).toContain('/MediaBox [0 0 841.89 595.28]')
    expect(said).toContain('q 841.89 0 0 420.94 0.00 87.17 cm /I Do Q')
  })
})
