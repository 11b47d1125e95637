/** A page as the camera took it: JPEG bytes and their size in pixels. */
export interface ScannedPage {
  jpeg: Uint8Array<ArrayBuffer>
  width: number
  height: number
}

const A4 = [595.28, 841.89] as const

/** Pictures as the pages of one PDF, each as large as fits an A4 sheet that stands or lies as it does. */
export function pdfOf(pages: ScannedPage[]): Blob {
  const parts: (string | Uint8Array<ArrayBuffer>)[] = []
  const offsets: number[] = []
  let length = 0
  const text = new TextEncoder()
  const put = (part: string | Uint8Array<ArrayBuffer>) => {
    parts.push(part)
    length += typeof part === 'string' ? text.encode(part).length : part.length
  }
  const begin = (id: number) => {
    offsets[id] = length
    put(`${id} 0 obj\n`)
  }
  put('%PDF-1.4\n')
  begin(1)
  put('<< /Type /Catalog /Pages 2 0 R >>\nendobj\n')
  begin(2)
  put(`<< /Type /Pages /Count ${pages.length} /Kids [${pages.map((_, i) => `${3 + 3 * i} 0 R`).join(' ')}] >>\nendobj\n`)
  pages.forEach(({ jpeg, width, height }, i) => {
    const id = 3 + 3 * i
    const [short, long] = A4
    const [w, h] = width > height ? [long, short] : [short, long]
    const scale = Math.min(w / width, h / height)
    const [x, y] = [(w - width * scale) / 2, (h - height * scale) / 2]
    const drawn = `q ${(width * scale).toFixed(2)} 0 0 ${(height * scale).toFixed(2)} ${x.toFixed(2)} ${y.toFixed(2)} cm /I Do Q`
    begin(id)
    put(`<< /Type /Page /Parent 2 0 R /MediaBox [0 0 ${w} ${h}] /Contents ${id + 1} 0 R /Resources << /XObject << /I ${id + 2} 0 R >> >> >>\nendobj\n`)
    begin(id + 1)
    put(`<< /Length ${drawn.length} >>\nstream\n${drawn}\nendstream\nendobj\n`)
    begin(id + 2)
    put(`<< /Type /XObject /Subtype /Image /Width ${width} /Height ${height} /ColorSpace /DeviceRGB /BitsPerComponent 8 /Filter /DCTDecode /Length ${jpeg.length} >>\nstream\n`)
    put(jpeg)
    put('\nendstream\nendobj\n')
  })
  const table = length
  const size = 3 + 3 * pages.length
  put(`xref\n0 ${size}\n0000000000 65535 f \n${offsets.slice(1).map((at) => `${String(at).padStart(10, '0')} 00000 n \n`).join('')}`)
  put(`trailer\n<< /Size ${size} /Root 1 0 R >>\nstartxref\n${table}\n%%EOF\n`)
  return new Blob(parts, { type: 'application/pdf' })
}
