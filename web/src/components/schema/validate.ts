import { Validator, type OutputUnit } from '@cfworker/json-schema'
import type { TFunction } from 'i18next'
import { isObject, tokens } from './pointer'
import type { Schema } from './prune'

export interface Finding {
  pointer: string
  message: string
}

/** Keywords that say something about one value; the others only report what is inside them. */
const telling = new Set([
  'required', 'type', 'enum', 'const', 'minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf', 'minLength',
  'maxLength', 'pattern', 'format', 'minItems', 'maxItems', 'uniqueItems', 'oneOf', 'anyOf', 'dependentRequired',
])

/** The keyword's own value: walks "#/properties/copies/minimum", through references. */
function wordAt(schema: Schema, location: string): unknown {
  let here: unknown = schema
  for (const token of tokens(location)) {
    if (token === '$ref' && isObject(here) && typeof here.$ref === 'string') here = wordAt(schema, here.$ref)
    else if (Array.isArray(here)) here = here[Number(token)] as unknown
    else here = isObject(here) ? here[token] : undefined
  }
  return here
}

function words({ keyword, keywordLocation }: OutputUnit, schema: Schema, t: TFunction): string {
  const limit = wordAt(schema, keywordLocation)
  switch (keyword) {
    case 'required':
    case 'dependentRequired':
      return t('field_error.required')
    case 'enum':
    case 'const':
    case 'oneOf':
    case 'anyOf':
      return t('field_error.enum')
    case 'minimum':
    case 'maximum':
    case 'minLength':
    case 'maxLength':
    case 'minItems':
    case 'maxItems':
      return limit === 1 && (keyword === 'minLength' || keyword === 'minItems') ? t('field_error.required') : t(`field_error.${keyword}`, { limit: Number(limit) })
    case 'format':
      return limit === 'date' ? t('field_error.date') : limit === 'email' ? t('field_error.email') : t('field_error.pattern')
    case 'type':
      return t('field_error.type')
    case 'pattern':
      return t('field_error.pattern')
    default:
      return t('field_error.other')
  }
}

/**
 * The first check, beside the person, of what the server will check in full. The library walks the schema and makes no
 * code: the page's content policy refuses generated code, which rules out ajv.
 */
export function validate(schema: Schema, data: unknown, t: TFunction): Finding[] {
  // As it will travel: what is undefined is absent.
  const { errors } = new Validator(schema, '2020-12', false).validate(JSON.parse(JSON.stringify(data)))
  const found = new Map<string, Finding>()
  for (const unit of errors) {
    if (!telling.has(unit.keyword)) continue
    const missing = unit.keyword === 'required' ? /"([^"]+)"/.exec(unit.error)?.[1] : undefined
    const pointer = unit.instanceLocation.replace(/^#/, '') + (missing === undefined ? '' : `/${missing}`)
    if (!found.has(pointer)) found.set(pointer, { pointer, message: words(unit, schema, t) })
  }
  return [...found.values()]
}

export function isValid(schema: Schema, data: unknown, root: Schema): boolean {
  try {
    return new Validator({ $defs: root.$defs, ...schema }, '2020-12', true).validate(data).valid
  } catch {
    return false
  }
}
