import '@mantine/core/styles/NumberInput.css'
import { Button } from '@mantine/core'
// The package's front door also opens its test tools, which want ajv.
import Form, { type IChangeEvent } from '@rjsf/core/lib/components/Form.js'
import type {
  ArrayFieldItemTemplateProps, ArrayFieldTemplateProps, ErrorSchema, FieldTemplateProps, ObjectFieldTemplateProps, UiSchema, ValidatorType,
} from '@rjsf/utils'
import { useMemo, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { JsonObject } from '@/api/types'
import { Icon } from '../Icon'
import { isObject, tokens } from './pointer'
import type { Schema } from './prune'
import { isValid, type Finding } from './validate'
import { widgets } from './widgets'

/** RJSF asks a validator only which branch of a condition holds; findings are made by validate() and handed in. */
const validator: ValidatorType = {
  validateFormData: () => ({ errors: [], errorSchema: {} }),
  rawValidation: () => ({ errors: [] }),
  isValid: (schema, data, root) => isValid(schema, data, root),
}

/** Widgets put label, hint and error around themselves; this is only the space they stand in. */
function FieldTemplate({ children, hidden, id }: FieldTemplateProps) {
  return <div className={hidden ? 'visually-hidden' : 'field'} data-field={id}>{children}</div>
}

function ObjectFieldTemplate({ title, description, properties, fieldPathId }: ObjectFieldTemplateProps) {
  const inside = <div className="fields">{properties.map((property) => property.content)}</div>
  if (fieldPathId.path.length === 0) return inside
  return (
    <fieldset className="group" id={fieldPathId.$id}>
      {title ? <legend>{title}</legend> : null}
      {description ? <p className="hint">{description}</p> : null}
      {inside}
    </fieldset>
  )
}

function ArrayFieldTemplate({ title, items, canAdd, onAddClick, fieldPathId, rawErrors, disabled, readonly }: ArrayFieldTemplateProps) {
  const { t } = useTranslation()
  return (
    <fieldset className="group" id={fieldPathId.$id}>
      {title ? <legend>{title}</legend> : null}
      {rawErrors?.map((error) => <p key={error} className="field-error">{error}</p>)}
      {items}
      {canAdd && !disabled && !readonly ? <Button variant="default" onClick={onAddClick}>{t('common.add')}</Button> : null}
    </fieldset>
  )
}

function ArrayFieldItemTemplate({ children, buttonsProps, index }: ArrayFieldItemTemplateProps) {
  const { t } = useTranslation()
  return (
    <div className="group-item">
      {children}
      {buttonsProps.hasRemove ? (
        <Button variant="subtle" size="sm" leftSection={<Icon name="cross" size={16} />} onClick={buttonsProps.onRemoveItem}>
          {`${t('common.remove')} ${index + 1}`}
        </Button>
      ) : null}
    </div>
  )
}

const Nothing = () => null
const templates = {
  FieldTemplate, ObjectFieldTemplate, ArrayFieldTemplate, ArrayFieldItemTemplate,
  ErrorListTemplate: Nothing, FieldErrorTemplate: Nothing, FieldHelpTemplate: Nothing, DescriptionFieldTemplate: Nothing,
}

/** A pack may name a widget that this client does not have: the field's own kind then decides. */
function knownUi(ui: unknown): UiSchema {
  if (!isObject(ui)) return {}
  return Object.fromEntries(
    Object.entries(ui)
      .filter(([name, value]) => name !== 'pages' && !(name === 'ui:widget' && typeof value === 'string' && value !== 'hidden' && !(value in widgets)))
      .map(([name, value]) => [name, !name.startsWith('ui:') && isObject(value) ? knownUi(value) : value]),
  )
}

function errorsTree(findings: readonly Finding[]): ErrorSchema {
  const tree: JsonObject = {}
  for (const { pointer, message } of findings) {
    let here = tree
    for (const token of tokens(pointer)) here = (here[token] ??= {}) as JsonObject
    here.__errors = [...((here.__errors as string[] | undefined) ?? []), message]
  }
  return tree as ErrorSchema
}

interface SchemaFormProps {
  /** Usually from pageSchema(): only what is asked here. */
  schema: Schema
  ui?: JsonObject
  data: JsonObject
  findings?: readonly Finding[]
  onChange: (data: JsonObject) => void
  onSubmit?: () => void
  disabled?: boolean
  readOnly?: boolean
  /** The buttons under the fields. */
  children?: ReactNode
}

/** A form made from a JSON Schema, in the look of the rest. It checks nothing by itself: see validate(). */
export function SchemaForm({ schema, ui, data, findings = [], onChange, onSubmit, disabled, readOnly, children }: SchemaFormProps) {
  const uiSchema = useMemo<UiSchema>(() => ({ ...knownUi(ui), 'ui:submitButtonOptions': { norender: true } }), [ui])
  const extraErrors = useMemo(() => errorsTree(findings), [findings])
  return (
    <Form<JsonObject>
      schema={schema} uiSchema={uiSchema} formData={data} validator={validator as ValidatorType<JsonObject>}
      widgets={widgets as never} templates={templates as never} extraErrors={extraErrors}
      noHtml5Validate disabled={disabled} readonly={readOnly} showErrorList={false} autoComplete="on"
      onChange={(event: IChangeEvent<JsonObject>) => onChange(event.formData ?? {})}
      onSubmit={() => onSubmit?.()}
    >
      <div className="form-buttons">{children}</div>
    </Form>
  )
}
