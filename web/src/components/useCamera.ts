import { useEffect, useState, type RefObject } from 'react'

export type CameraState = 'starting' | 'on' | 'refused' | 'none'

export const hasCamera = () => typeof navigator !== 'undefined' && 'mediaDevices' in navigator

const stop = (stream: MediaStream) => stream.getTracks().forEach((track) => track.stop())

/** False when nobody looks any more. */
async function show(stream: MediaStream, video: HTMLVideoElement | null, signal: AbortSignal): Promise<boolean> {
  if (signal.aborted || !video) {
    stop(stream)
    return false
  }
  signal.addEventListener('abort', () => stop(stream))
  video.srcObject = stream
  await video.play()
  return true
}

/** The rear camera, where there is one, shown in the video while the caller is there. */
export function useCamera(video: RefObject<HTMLVideoElement | null>): CameraState {
  const [state, setState] = useState<CameraState>('starting')
  useEffect(() => {
    const end = new AbortController()
    const start = async () => {
      try {
        const stream = await navigator.mediaDevices.getUserMedia({
          audio: false, video: { facingMode: { ideal: 'environment' }, width: { ideal: 2560 }, height: { ideal: 1920 } },
        })
        if (await show(stream, video.current, end.signal)) setState('on')
      } catch (error) {
        if (!end.signal.aborted) setState(error instanceof DOMException && error.name === 'NotAllowedError' ? 'refused' : 'none')
      }
    }
    void start()
    return () => end.abort()
  }, [video])
  return state
}
