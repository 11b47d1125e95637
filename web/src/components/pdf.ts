import { getDocument, PDFWorker } from 'pdfjs-dist'
import PdfWorker from 'pdfjs-dist/build/pdf.worker.min.mjs?worker'

/** One for all papers: a reader's own worker would end with its paper. */
const worker = PDFWorker.create({ port: new PdfWorker() })

export const openPdf = (address: string) => getDocument({ url: address, withCredentials: true, enableXfa: false, worker })
