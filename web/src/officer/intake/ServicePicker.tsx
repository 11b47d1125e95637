import { useDebouncedValue } from '@mantine/hooks'
import { useEffect, useRef, useState, type KeyboardEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { useServices } from '@/api/hooks'
import type { ServiceRow } from '@/api/types'

const RECENT = 'motcua.intake.services'
const recent = (): string[] => {
  try {
    const found: unknown = JSON.parse(localStorage.getItem(RECENT) ?? '[]')
    return Array.isArray(found) ? found.map(String) : []
  } catch {
    return []
  }
}
export function noteService(code: string): void {
  try {
    localStorage.setItem(RECENT, JSON.stringify([code, ...recent().filter((one) => one !== code)].slice(0, 6)))
  } catch {
    /* the order is a convenience */
  }
}

/** Type a few letters, Enter. What this desk did last stands on top. */
export function ServicePicker({ unit, onPick }: { unit: string; onPick: (service: ServiceRow) => void }) {
  const { t } = useTranslation('officer')
  const [typed, setTyped] = useState('')
  const [q] = useDebouncedValue(typed.trim(), 150)
  const { rows, data } = useServices({ q: q || undefined, unit, limit: '30' })
  const [at, setAt] = useState(0)
  const input = useRef<HTMLInputElement>(null)
  useEffect(() => input.current?.focus(), [])
  const order = recent()
  const place = (code: string) => (order.includes(code) ? order.indexOf(code) : order.length)
  const shown = rows.filter(({ level }) => level !== 'information').sort((a, b) => place(a.code) - place(b.code))
  const active = shown[Math.min(at, shown.length - 1)]
  const keys = (event: KeyboardEvent) => {
    if (event.key === 'ArrowDown') setAt(Math.min(at + 1, shown.length - 1))
    else if (event.key === 'ArrowUp') setAt(Math.max(at - 1, 0))
    // What is shown must be what was typed: a quick Enter waits for the answer.
    else if (event.key === 'Enter' && active && q === typed.trim()) onPick(active)
    else return
    event.preventDefault()
  }
  return (
    <div className="inline-search">
      <label htmlFor="service">{t('intake.service_label')}</label>
      <div>
        <input
          id="service" ref={input} value={typed} role="combobox" aria-expanded={shown.length > 0} aria-controls="service-list" aria-autocomplete="list"
          aria-activedescendant={active ? `service-${active.code}` : undefined} autoComplete="off" aria-describedby="service-hint"
          onChange={(event) => { setTyped(event.target.value); setAt(0) }} onKeyDown={keys}
        />
      </div>
      <p id="service-hint" className="hint">{t('intake.service_hint')}</p>
      <div id="service-list" role="listbox" aria-label={t('intake.service')} className="service-options" hidden={shown.length === 0}>
        {shown.map((service) => (
          // eslint-disable-next-line jsx-a11y/click-events-have-key-events -- the keys are the combobox's
          <div
            key={service.code} id={`service-${service.code}`} role="option" tabIndex={-1} aria-selected={service.code === active?.code}
            onClick={() => onPick(service)}
          >
            {service.name} <span className="code hint">{service.code}</span>
            {order.includes(service.code) ? <span className="hint"> · {t('intake.service_recent')}</span> : null}
          </div>
        ))}
      </div>
      {data && shown.length === 0 ? <p role="status">{t('intake.service_none')}</p> : null}
    </div>
  )
}
