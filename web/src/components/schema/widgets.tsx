import { Checkbox, Input, NativeSelect, NumberInput, Radio, Textarea, TextInput } from '@mantine/core'
import type { RegistryWidgetsType, WidgetProps as AnyWidgetProps } from '@rjsf/utils'
import { useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'

/** A widget's value is whatever the schema says it is. */
type WidgetProps = Pick<
  AnyWidgetProps,
  'id' | 'name' | 'label' | 'hideLabel' | 'required' | 'rawErrors' | 'schema' | 'options' | 'disabled' | 'readonly' | 'multiple'
> & { value: unknown; onChange: (value: unknown) => void }

/** What every widget says around its input: label, hint, error, whether it may be left empty. */
function useAround({ id, label, hideLabel, required, rawErrors, schema, options }: WidgetProps) {
  const { t } = useTranslation()
  const text = required || hideLabel || label.includes(t('common.optional')) ? label : <>{label} <span className="hint">{t('common.optional')}</span></>
  const description = (options.help) ?? options.description ?? schema.description
  return {
    id,
    label: (hideLabel ? undefined : text) as ReactNode,
    'aria-label': hideLabel ? label : undefined,
    description: description as ReactNode,
    error: rawErrors && rawErrors.length > 0 ? rawErrors[0] : undefined,
    'aria-required': required,
  }
}

const autocomplete: Record<string, string> = { email: 'email', phone: 'tel', tel: 'tel', address: 'street-address' }

function TextWidget(props: WidgetProps) {
  const around = useAround(props)
  const { value, onChange, options, disabled, readonly, schema, name } = props
  const kind = (options.inputType) ?? (schema.format === 'email' ? 'email' : /phone|tel/.test(`${schema.format ?? ''} ${name}`) ? 'tel' : 'text')
  return (
    <TextInput
      {...around} type={kind} value={(value as string | undefined) ?? ''} disabled={disabled} readOnly={readonly}
      autoComplete={autocomplete[kind] ?? 'off'}
      onChange={(event) => onChange(event.currentTarget.value === '' ? options.emptyValue : event.currentTarget.value)}
    />
  )
}

function TextareaWidget(props: WidgetProps) {
  const around = useAround(props)
  const { value, onChange, options, disabled, readonly } = props
  return (
    <Textarea
      {...around} value={(value as string | undefined) ?? ''} rows={(options.rows) ?? 4} disabled={disabled} readOnly={readonly}
      onChange={(event) => onChange(event.currentTarget.value === '' ? options.emptyValue : event.currentTarget.value)}
    />
  )
}

function NumberWidget(props: WidgetProps) {
  const around = useAround(props)
  const { value, onChange, schema, disabled, readonly } = props
  return (
    <NumberInput
      {...around} value={(value as number | undefined) ?? ''} disabled={disabled} readOnly={readonly} className="short-input"
      allowDecimal={schema.type !== 'integer'} clampBehavior="none" thousandSeparator="." decimalSeparator="," inputMode="numeric" hideControls
      onChange={(given) => onChange(given === '' ? undefined : Number(given))}
    />
  )
}

interface Choice { value: unknown; label: string }
const choicesOf = ({ options }: WidgetProps): Choice[] => ((options.enumOptions ?? []))

function SelectWidget(props: WidgetProps) {
  const { t } = useTranslation()
  const around = useAround(props)
  const { value, onChange, disabled, readonly, multiple } = props
  const choices = choicesOf(props)
  if (multiple) return <CheckboxesWidget {...props} />
  // Few answers are shown at once; a long list folds.
  if (choices.length <= 5) return <RadioWidget {...props} />
  const at = choices.findIndex((choice) => choice.value === value)
  return (
    <NativeSelect
      {...around} value={at < 0 ? '' : String(at)} disabled={disabled || readonly}
      onChange={(event) => onChange(event.currentTarget.value === '' ? undefined : choices[Number(event.currentTarget.value)]?.value)}
      data={[{ value: '', label: t('common.choose') }, ...choices.map(({ label }, i) => ({ value: String(i), label }))]}
    />
  )
}

function RadioWidget(props: WidgetProps) {
  const { label, description, error, id } = useAround(props)
  const { value, onChange, disabled, readonly } = props
  const choices = choicesOf(props)
  const at = choices.findIndex((choice) => choice.value === value)
  return (
    <Radio.Group
      id={id} label={label} description={description} error={error} value={at < 0 ? null : String(at)}
      onChange={(given) => onChange(choices[Number(given)]?.value)}
    >
      <div className="choices">
        {choices.map((choice, i) => <Radio key={choice.label} value={String(i)} label={choice.label} disabled={disabled || readonly} />)}
      </div>
    </Radio.Group>
  )
}

function CheckboxWidget(props: WidgetProps) {
  const { label, description, error, id } = useAround({ ...props, hideLabel: false, required: true })
  const { value, onChange, disabled, readonly } = props
  return (
    <Checkbox
      id={id} label={label} description={description} error={error} checked={value === true} disabled={disabled || readonly}
      onChange={(event) => onChange(event.currentTarget.checked)}
    />
  )
}

function CheckboxesWidget(props: WidgetProps) {
  const { label, description, error, id } = useAround(props)
  const { value, onChange, disabled, readonly } = props
  const choices = choicesOf(props)
  const chosen = Array.isArray(value) ? (value as unknown[]) : []
  return (
    <Checkbox.Group
      id={id} label={label} description={description} error={error}
      value={choices.flatMap((choice, i) => (chosen.includes(choice.value) ? [String(i)] : []))}
      onChange={(given) => onChange(given.map((i) => choices[Number(i)]?.value))}
    >
      <div className="choices">
        {choices.map((choice, i) => <Checkbox key={choice.label} value={String(i)} label={choice.label} disabled={disabled || readonly} />)}
      </div>
    </Checkbox.Group>
  )
}

type Pieces = [day: string, month: string, year: string]
const piecesOf = (iso: unknown): Pieces => {
  const found = typeof iso === 'string' ? /^(\d{4})-(\d{2})-(\d{2})$/.exec(iso) : null
  return found ? [found[3] ?? '', found[2] ?? '', found[1] ?? ''] : ['', '', '']
}
/** Kept as typed when it is no date yet, so that the check can say so. */
const isoOf = ([day, month, year]: Pieces): string | undefined =>
  day + month + year === '' ? undefined : `${year.padStart(4, '0')}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`

/** Day, month, year as three short fields: quicker than any calendar for a birthday, and the same on every phone. */
function DateWidget(props: WidgetProps) {
  const { t } = useTranslation()
  const { label, description, error, id } = useAround(props)
  const { value, onChange, disabled, readonly } = props
  const [typed, setTyped] = useState<Pieces>(() => piecesOf(value))
  const pieces = isoOf(typed) === value ? typed : piecesOf(value)
  const set = (at: 0 | 1 | 2, text: string) => {
    const next = pieces.map((piece, i) => (i === at ? text.replace(/\D/g, '') : piece)) as Pieces
    setTyped(next)
    onChange(isoOf(next))
  }
  const names = [t('date_input.day'), t('date_input.month'), t('date_input.year')] as const
  return (
    <Input.Wrapper component="fieldset" className="date-input" labelElement="div" label={<span id={`${id}-label`}>{label}</span>} description={description} error={error} aria-labelledby={`${id}-label`}>
      <div className="date-pieces">
        {([0, 1, 2] as const).map((at) => (
          <TextInput
            key={at} id={at === 0 ? id : `${id}-${at}`} label={names[at]} value={pieces[at]} inputMode="numeric" maxLength={at === 2 ? 4 : 2}
            className={at === 2 ? 'date-year' : 'date-two'} disabled={disabled} readOnly={readonly} error={Boolean(error)}
            autoComplete="off" onChange={(event) => set(at, event.currentTarget.value)}
          />
        ))}
      </div>
    </Input.Wrapper>
  )
}

export const widgets: RegistryWidgetsType = {
  TextWidget, TextareaWidget, SelectWidget, RadioWidget, CheckboxWidget, CheckboxesWidget, DateWidget,
  UpDownWidget: NumberWidget, EmailWidget: TextWidget, URLWidget: TextWidget, RangeWidget: NumberWidget,
  textarea: TextareaWidget, select: SelectWidget, radio: RadioWidget, checkbox: CheckboxWidget, checkboxes: CheckboxesWidget,
  date: DateWidget, text: TextWidget, updown: NumberWidget, email: TextWidget, tel: TextWidget,
}
