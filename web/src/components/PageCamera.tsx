import { Checkbox } from '@mantine/core'
import { useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Dialog } from './Dialog'
import { Icon } from './Icon'
import { pdfOf, type ScannedPage } from './scanPdf'
import { useCamera } from './useCamera'

interface Shot extends ScannedPage {
  id: number
  address: string
}

const PAGES_MAX = 30
const QUALITY = 0.85
/** A sheet that stands: what is outside the frame is the desk. */
const SHEET = 210 / 297

async function shotOf(canvas: HTMLCanvasElement, id: number): Promise<Shot> {
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/jpeg', QUALITY))
  if (!blob) throw new Error('the picture cannot be kept')
  return { id, jpeg: new Uint8Array(await blob.arrayBuffer()), width: canvas.width, height: canvas.height, address: canvas.toDataURL('image/jpeg', 0.5) }
}

/** What the camera sees now; framed: only the part inside the frame. */
function pictureOf(video: HTMLVideoElement, framed: boolean): HTMLCanvasElement {
  const { videoWidth: w, videoHeight: h } = video
  const width = framed ? Math.round(Math.min(w, h * SHEET)) : w
  const height = framed ? Math.round(Math.min(h, w / SHEET)) : h
  const canvas = document.createElement('canvas')
  canvas.width = width
  canvas.height = height
  canvas.getContext('2d')?.drawImage(video, (w - width) / 2, (h - height) / 2, width, height, 0, 0, width, height)
  return canvas
}

async function turned(shot: Shot): Promise<Shot> {
  const picture = await createImageBitmap(new Blob([shot.jpeg], { type: 'image/jpeg' }))
  const canvas = document.createElement('canvas')
  canvas.width = shot.height
  canvas.height = shot.width
  const context = canvas.getContext('2d')
  context?.translate(shot.height, 0)
  context?.rotate(Math.PI / 2)
  context?.drawImage(picture, 0, 0)
  return shotOf(canvas, shot.id)
}

/** One page is a picture as any other; several are one PDF. */
function fileOf(shots: Shot[], name: string): File {
  const [first] = shots
  return shots.length === 1 && first
    ? new File([first.jpeg], `${name}.jpg`, { type: 'image/jpeg' })
    : new File([pdfOf(shots)], `${name}.pdf`, { type: 'application/pdf' })
}

function Taking({ label, onFile }: { label: string; onFile: (file: File) => void }) {
  const { t } = useTranslation()
  const video = useRef<HTMLVideoElement>(null)
  const state = useCamera(video)
  const next = useRef(1)
  const [framed, setFramed] = useState(false)
  const [shots, setShots] = useState<Shot[]>([])
  const take = async () => {
    if (!video.current) return
    const shot = await shotOf(pictureOf(video.current, framed), next.current++)
    setShots((before) => [...before, shot])
  }
  const turn = async (shot: Shot) => {
    const after = await turned(shot)
    setShots((before) => before.map((one) => (one.id === shot.id ? after : one)))
  }
  return (
    <>
      <div className={framed ? 'camera-frame framed' : 'camera-frame'}>
        <video ref={video} className="camera" muted playsInline aria-label={t('camera.picture')} />
      </div>
      <p role="status">{state === 'on' ? t('camera.pages', { count: shots.length }) : t(`camera.${state}`)}</p>
      <div className="row">
        <button type="button" className="small-button act-run" disabled={state !== 'on' || shots.length >= PAGES_MAX} onClick={() => void take()}>{t('camera.take')}</button>
        <Checkbox label={t('camera.framed')} checked={framed} onChange={(event) => setFramed(event.currentTarget.checked)} />
        <button type="button" className="small-button" disabled={shots.length === 0} onClick={() => onFile(fileOf(shots, label))}>{t('camera.use', { count: shots.length })}</button>
      </div>
      {shots.length > 0 ? (
        <ol className="camera-pages">
          {shots.map((shot, i) => (
            <li key={shot.id}>
              <img src={shot.address} alt={t('camera.page', { n: i + 1 })} />
              <div>
                <button type="button" className="small-button" aria-label={`${t('camera.turn')}: ${t('camera.page', { n: i + 1 })}`} onClick={() => void turn(shot)}>{t('camera.turn')}</button>
                <button
                  type="button" className="small-button" aria-label={`${t('camera.drop')}: ${t('camera.page', { n: i + 1 })}`}
                  onClick={() => setShots((before) => before.filter((one) => one.id !== shot.id))}
                ><Icon name="cross" size={16} /> {t('camera.drop')}</button>
              </div>
            </li>
          ))}
        </ol>
      ) : null}
    </>
  )
}

/** Paper by the camera, page after page, as one file. */
export function PageCamera({ opened, label, onClose, onFile }: { opened: boolean; label: string; onClose: () => void; onFile: (file: File) => void }) {
  const { t } = useTranslation()
  return <Dialog opened={opened} onClose={onClose} title={t('camera.title', { label })}><Taking label={label} onFile={onFile} /></Dialog>
}
