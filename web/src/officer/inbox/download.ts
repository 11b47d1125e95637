import { useState } from 'react'
import { fetchFile } from '@/api/http'
import { queryOf, type Filter } from './filters'

export type Format = 'csv' | 'xlsx'

/** The whole list as the server writes it, not only what is on the screen. */
export function useDownload(filter: Filter) {
  const [busy, setBusy] = useState<Format | null>(null)
  const [error, setError] = useState<unknown>(null)
  const start = async (format: Format) => {
    setBusy(format)
    setError(null)
    try {
      const { blob, name } = await fetchFile(`/cases.${format}`, queryOf(filter))
      const address = URL.createObjectURL(blob)
      const link = document.createElement('a')
      link.href = address
      link.download = name
      link.click()
      setTimeout(() => URL.revokeObjectURL(address), 10_000)
    } catch (cause) {
      setError(cause)
    }
    setBusy(null)
  }
  return { busy, error, start: (format: Format) => void start(format) }
}
