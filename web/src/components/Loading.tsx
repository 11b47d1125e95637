import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'

/** Nothing for the first 200 ms; then quiet lines in the place of what is coming. */
export function Loading({ lines = 3 }: { lines?: number }) {
  const { t } = useTranslation()
  const [shown, setShown] = useState(false)
  useEffect(() => {
    const timer = setTimeout(() => setShown(true), 200)
    return () => clearTimeout(timer)
  }, [])
  return (
    <div role="status" className="loading" data-shown={shown}>
      {shown ? <span className="visually-hidden">{t('app.loading')}</span> : null}
      {shown ? Array.from({ length: lines }, (_, i) => <span key={i} className="loading-line" aria-hidden="true" />) : null}
    </div>
  )
}
