import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Icon } from './Icon'

/** Prints a paper at its own size. What draws it is loaded when somebody prints. */
export function PrintButton({ address, title, className = 'small-button' }: { address: string; title: string; className?: string }) {
  const { t } = useTranslation()
  const [state, setState] = useState<'idle' | 'busy' | 'failed'>('idle')
  const print = async () => {
    setState('busy')
    try {
      const { printPaper } = await import('./printPaper')
      await printPaper(address)
      setState('idle')
    } catch {
      setState('failed')
    }
  }
  return (
    <>
      <button type="button" className={className} disabled={state === 'busy'} onClick={() => void print()}>
        <Icon name="print" size={16} /> {t('common.print')}<span className="visually-hidden">: {title}</span>
      </button>
      <span role="status">{state === 'failed' ? t('common.print_failed') : null}</span>
    </>
  )
}
