import { useId, useState, type SyntheticEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { Icon } from '@/components/Icon'

interface SearchBoxProps {
  label: string
  hint?: string
  initial?: string
  onSearch: (q: string) => void
}

export function SearchBox({ label, hint, initial = '', onSearch }: SearchBoxProps) {
  const { t } = useTranslation()
  const id = useId()
  const [q, setQ] = useState(initial)
  const submit = (event: SyntheticEvent) => {
    event.preventDefault()
    onSearch(q.trim())
  }
  return (
    <form role="search" className="search" onSubmit={submit}>
      <label htmlFor={id}>{label}</label>
      <div className="search-row">
        <input
          id={id} type="search" value={q} enterKeyHint="search" autoComplete="off" aria-describedby={hint ? `${id}-hint` : undefined}
          onChange={(event) => setQ(event.target.value)}
        />
        <button type="submit"><Icon name="search" /> {t('common.search')}</button>
      </div>
      {hint ? <p id={`${id}-hint`} className="hint">{hint}</p> : null}
    </form>
  )
}
