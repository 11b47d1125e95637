import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import type { Document } from 'yaml'
import { want } from '@/i18n'
import type { Fault } from '../api'
import { CalendarForm } from './CalendarForm'
import { EditingContext } from './editing'
import { FlowForm } from './FlowForm'
import { ServiceForm } from './ServiceForm'
import { bodyOf, read, write } from './text'
import { UnitForm } from './UnitForm'
import './forms.css'

await want('setup')

const forms = { service: ServiceForm, flow: FlowForm, calendar: CalendarForm, unit: UnitForm }

interface FormsProps {
  kind: string
  text: string
  faults: readonly Fault[]
  onText: (text: string, tag?: string) => void
}

/** The same text as fields: every change is made in the text, so that both views are of one draft. */
export default function Forms({ kind, text, faults, onText }: FormsProps) {
  const { t } = useTranslation('setup')
  const body = useMemo(() => {
    const doc = read(text)
    return doc ? bodyOf(doc) : null
  }, [text])
  const editing = useMemo(() => ({
    body: body ?? {}, faults,
    change: (edit: (doc: Document) => void, tag?: string) => {
      const doc = read(text)
      if (!doc) return
      edit(doc)
      onText(write(doc), tag)
    },
  }), [body, faults, text, onText])
  const Form = forms[kind as keyof typeof forms]
  if (!body) return <p className="field-error">{t('no_form')}</p>
  return <EditingContext value={editing}><div className="set-form"><Form /></div></EditingContext>
}
