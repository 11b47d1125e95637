import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { getDocument, PDFWorker, type PDFDocumentProxy } from 'pdfjs-dist'
import PdfWorker from 'pdfjs-dist/build/pdf.worker.min.mjs?worker'
import { Loading } from '@/components/Loading'

/** One for all papers: a reader's own worker would end with its paper. */
const worker = PDFWorker.create({ port: new PdfWorker() })

function Page({ of, number, width, all }: { of: PDFDocumentProxy; number: number; width: number; all: number }) {
  const { t } = useTranslation('officer')
  const canvas = useRef<HTMLCanvasElement>(null)
  useEffect(() => {
    let stopped = false
    let stop = () => { stopped = true }
    void of.getPage(number).then((page) => {
      const into = canvas.current
      if (stopped || !into) return
      const dense = Math.min(3, window.devicePixelRatio || 1)
      const viewport = page.getViewport({ scale: (width / page.getViewport({ scale: 1 }).width) * dense })
      into.width = Math.floor(viewport.width)
      into.height = Math.floor(viewport.height)
      const drawing = page.render({ canvas: into, viewport })
      stop = () => drawing.cancel()
      // A drawing that is cancelled says so as a failure.
      drawing.promise.catch(() => undefined)
    }, () => undefined)
    return () => stop()
  }, [of, number, width])
  return <canvas ref={canvas} className="pdf-page" style={{ width }}>{t('viewer.page', { at: number, all })}</canvas>
}

/** The browser's own viewer refuses files that come sandboxed, as a citizen's file must; this one draws them. */
export default function PdfPages({ address, width, failed }: { address: string; width: number; failed: () => void }) {
  const [pdf, setPdf] = useState<PDFDocumentProxy | null>(null)
  useEffect(() => {
    const task = getDocument({ url: address, withCredentials: true, enableXfa: false, worker })
    task.promise.then(setPdf, () => { if (!task.destroyed) failed() })
    return () => void task.destroy()
  }, [address, failed])
  if (!pdf) return <Loading lines={6} />
  return Array.from({ length: pdf.numPages }, (_, i) => <Page key={i} of={pdf} number={i + 1} width={width} all={pdf.numPages} />)
}
