import { useEffect, useEffectEvent, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { Dialog } from './Dialog'
import { useCamera } from './useCamera'

const EVERY_MS = 250

function Looking({ onCode }: { onCode: (text: string) => void }) {
  const { t } = useTranslation()
  const video = useRef<HTMLVideoElement>(null)
  const state = useCamera(video)
  const found = useEffectEvent(onCode)
  useEffect(() => {
    if (state !== 'on') return
    const end = new AbortController()
    const ended = () => end.signal.aborted
    const look = async () => {
      const { readCode } = await import('./readCode') // loaded only by those who scan
      while (!ended()) {
        const text = video.current ? await readCode(video.current) : null
        if (text && !ended()) {
          end.abort()
          found(text)
        }
        await new Promise((resolve) => setTimeout(resolve, EVERY_MS))
      }
    }
    void look()
    return () => end.abort()
  }, [state])
  return (
    <>
      <video ref={video} className="camera" muted playsInline aria-label={t('camera.picture')} />
      <p role="status">{t(state === 'on' ? 'camera.hold' : `camera.${state}`)}</p>
    </>
  )
}

/** Looks through the camera until it sees a code. */
export function CodeScanner({ opened, onClose, onCode }: { opened: boolean; onClose: () => void; onCode: (text: string) => void }) {
  const { t } = useTranslation()
  return <Dialog opened={opened} onClose={onClose} title={t('camera.scan')}><Looking onCode={onCode} /></Dialog>
}
