import jsQR from 'jsqr'

interface Detector {
  detect(source: CanvasImageSource): Promise<{ rawValue: string }[]>
}
declare global {
  interface Window {
    BarcodeDetector?: new () => Detector
  }
}

/** Enough for a code that fills a third of the picture, and quick. */
const WIDE = 960

const canvas = document.createElement('canvas')

/** By the browser itself, which also reads bar codes; where it cannot, by our own reader of QR codes. */
export async function readCode(video: HTMLVideoElement): Promise<string | null> {
  if (!video.videoWidth) return null
  if (window.BarcodeDetector) {
    const found = await new window.BarcodeDetector().detect(video).catch(() => [])
    if (found[0]) return found[0].rawValue
  }
  const scale = Math.min(1, WIDE / video.videoWidth)
  canvas.width = Math.round(video.videoWidth * scale)
  canvas.height = Math.round(video.videoHeight * scale)
  const picture = canvas.getContext('2d', { willReadFrequently: true })
  if (!picture) return null
  picture.drawImage(video, 0, 0, canvas.width, canvas.height)
  const { data, width, height } = picture.getImageData(0, 0, canvas.width, canvas.height)
  const found = jsQR(data, width, height)
  return found ? new TextDecoder().decode(new Uint8Array(found.binaryData)) : null
}
