import { Button } from '@mantine/core'
import { useEffect, useId, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Problem, upload } from '@/api/http'
import type { DocumentMeta } from '@/api/types'
import { Icon } from './Icon'
import { PageCamera } from './PageCamera'
import { ProblemView } from './Problems'
import { hasCamera } from './useCamera'

const MAX_MB = 200
const accepted = ['image/jpeg', 'image/png', 'image/webp', 'image/tiff', 'application/pdf']

interface FileUploadProps {
  /** What the file is, for the button's full name: "Chọn tệp: Giấy chứng sinh". */
  label: string
  /** What was sent before, when the draft has one. */
  sent?: string | null
  onSent: (document: DocumentMeta, file: File) => void
}

type State = { at: 'idle' } | { at: 'sending'; file: File; share: number } | { at: 'waiting'; file: File } | { at: 'failed'; file: File; error: unknown }

/** One file, sent as soon as it is chosen, with its progress; sent again by itself when a lost network comes back. */
export function FileUpload({ label, sent = null, onSent }: FileUploadProps) {
  const { t } = useTranslation()
  const id = useId()
  const input = useRef<HTMLInputElement>(null)
  const abort = useRef<AbortController | null>(null)
  const [state, setState] = useState<State>({ at: 'idle' })
  const [refusal, setRefusal] = useState<string | null>(null)
  const [camera, setCamera] = useState(false)

  const send = async (file: File) => {
    const control = new AbortController()
    abort.current = control
    setState({ at: 'sending', file, share: 0 })
    try {
      const document = await upload<DocumentMeta>('/documents', file, (share) => setState({ at: 'sending', file, share }), control.signal)
      setState({ at: 'idle' })
      onSent({ ...document, title: file.name }, file)
    } catch (error) {
      if (control.signal.aborted) return
      setState(error instanceof Problem && error.offline ? { at: 'waiting', file } : { at: 'failed', file, error })
    }
  }
  const sendLater = useRef(send)
  useEffect(() => {
    sendLater.current = send
  })
  useEffect(() => () => abort.current?.abort(), [])
  const waiting = state.at === 'waiting' ? state.file : null
  useEffect(() => {
    if (!waiting) return
    const again = () => void sendLater.current(waiting)
    window.addEventListener('online', again)
    return () => window.removeEventListener('online', again)
  }, [waiting])

  const take = (file: File | undefined) => {
    if (!file) return
    if (file.size > MAX_MB * 1024 * 1024) return setRefusal(t('upload.too_large', { name: file.name, size: MAX_MB }))
    if (!accepted.includes(file.type)) return setRefusal(t('upload.wrong_type', { name: file.name }))
    setRefusal(null)
    void send(file)
  }
  const percent = state.at === 'sending' ? Math.round(state.share * 100) : 0

  return (
    <div className="upload">
      <input
        ref={input} id={id} type="file" className="visually-hidden" tabIndex={-1} aria-hidden="true" accept={accepted.join(',')}
        onChange={(event) => { take(event.target.files?.[0]); event.target.value = '' }}
      />
      <Button
        variant="default" leftSection={<Icon name="upload" />} disabled={state.at === 'sending'} onClick={() => input.current?.click()}
        aria-label={`${sent ? t('upload.replace') : t('upload.choose')}: ${label}`} aria-describedby={`${id}-hint`}
      >
        {sent ? t('upload.replace') : t('upload.choose')}
      </Button>
      {hasCamera() ? (
        <Button variant="default" disabled={state.at === 'sending'} onClick={() => setCamera(true)} aria-label={`${t('camera.open')}: ${label}`}>{t('camera.open')}</Button>
      ) : null}
      <PageCamera opened={camera} label={label} onClose={() => setCamera(false)} onFile={(file) => { setCamera(false); take(file) }} />
      <span id={`${id}-hint`} className="hint">{t('upload.hint', { size: MAX_MB })}</span>
      <div aria-live="polite">
        {state.at === 'sending' ? (
          <>
            <progress value={percent} max={100} aria-label={t('upload.sending', { name: state.file.name, percent: '' })} />
            <span>{t('upload.sending', { name: state.file.name, percent })}</span>
          </>
        ) : null}
        {state.at === 'waiting' ? <p><Icon name="offline" /> {t('upload.waiting')}</p> : null}
        {state.at === 'idle' && sent ? <p className="upload-sent"><Icon name="check" /> {t('upload.done', { name: sent })}</p> : null}
        {refusal ? <p className="field-error">{refusal}</p> : null}
      </div>
      {state.at === 'failed' ? <ProblemView error={state.error} onRetry={() => void send(state.file)} /> : null}
    </div>
  )
}
