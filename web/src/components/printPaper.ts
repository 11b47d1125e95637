import { openPdf } from './pdf'

const pointsPerInch = 72
const dotsPerInch = 200

/**
 * Prints a paper as it is. The browser's own viewer refuses files that come sandboxed, as a citizen's file must, so each
 * page is drawn here at a printer's density and only these sheets are printed, at the paper's own size.
 */
export async function printPaper(address: string): Promise<void> {
  const task = openPdf(address)
  const sheets = document.createElement('div')
  sheets.className = 'print-sheets'
  try {
    const pdf = await task.promise
    let size = ''
    for (let number = 1; number <= pdf.numPages; number++) {
      const page = await pdf.getPage(number)
      const viewport = page.getViewport({ scale: dotsPerInch / pointsPerInch })
      const canvas = document.createElement('canvas')
      canvas.width = Math.floor(viewport.width)
      canvas.height = Math.floor(viewport.height)
      const plain = page.getViewport({ scale: 1 })
      canvas.style.width = `${plain.width}pt`
      canvas.style.height = `${plain.height}pt`
      size ||= `${plain.width}pt ${plain.height}pt`
      await page.render({ canvas, viewport, intent: 'print' }).promise
      sheets.append(canvas)
    }
    const style = document.createElement('style')
    style.textContent = `@page { size: ${size}; margin: 0 }`
    sheets.append(style)
    document.body.append(sheets)
    document.body.classList.add('printing-paper')
    window.print()
  } finally {
    document.body.classList.remove('printing-paper')
    sheets.remove()
    void task.destroy()
  }
}
