import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { PDFDocumentProxy } from 'pdfjs-dist'
import { Loading } from '@/components/Loading'
import { openPdf } from '@/components/pdf'

/** Each drawing has a sheet of its own, put up when it is done: one that is cancelled may still hold its sheet. */
function Page({ of, number, width, all }: { of: PDFDocumentProxy; number: number; width: number; all: number }) {
  const { t } = useTranslation('officer')
  const frame = useRef<HTMLDivElement>(null)
  useEffect(() => {
    let stop: () => void = () => undefined
    let stopped = false
    const draw = async () => {
      const page = await of.getPage(number)
      if (stopped) return
      const dense = Math.min(3, window.devicePixelRatio || 1)
      const viewport = page.getViewport({ scale: (width / page.getViewport({ scale: 1 }).width) * dense })
      const canvas = document.createElement('canvas')
      canvas.width = Math.floor(viewport.width)
      canvas.height = Math.floor(viewport.height)
      canvas.style.width = `${width}px`
      const drawing = page.render({ canvas, viewport })
      stop = () => drawing.cancel()
      await drawing.promise
      frame.current?.replaceChildren(canvas)
      if (frame.current) frame.current.style.minHeight = '0' // a page across is not as high as it was thought to be
    }
    // A drawing that is cancelled says so as a failure.
    draw().catch(() => undefined)
    return () => {
      stopped = true
      stop()
    }
  }, [of, number, width])
  return <div ref={frame} className="pdf-page" role="img" aria-label={t('viewer.page', { at: number, all })} style={{ width, minHeight: width }} />
}

/** The browser's own viewer refuses files that come sandboxed, as a citizen's file must; this one draws them. */
export default function PdfPages({ address, width, failed }: { address: string; width: number; failed: () => void }) {
  const [pdf, setPdf] = useState<PDFDocumentProxy | null>(null)
  useEffect(() => {
    const task = openPdf(address)
    task.promise.then(setPdf, () => { if (!task.destroyed) failed() })
    return () => void task.destroy()
  }, [address, failed])
  if (!pdf) return <Loading lines={6} />
  return Array.from({ length: pdf.numPages }, (_, i) => <Page key={i} of={pdf} number={i + 1} width={width} all={pdf.numPages} />)
}
