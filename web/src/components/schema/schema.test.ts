import { describe, expect, it } from 'vitest'
import type { TFunction } from 'i18next'
import { inputId, tokens, valueAt, withValue } from './pointer'
import { asksNothing, pageSchema, schemaAt } from './prune'
import { isValid, validate } from './validate'

const t = ((key: string, given?: { limit?: number }) => (given?.limit === undefined ? key : `${key}:${given.limit}`)) as unknown as TFunction

const schema = {
  type: 'object',
  additionalProperties: false,
  required: ['applicant', 'copies', 'relation'],
  $defs: { person: { type: 'object', required: ['name', 'phone'], properties: { name: { type: 'string' }, phone: { type: 'string', minLength: 1 } } } },
  properties: {
    applicant: { $ref: '#/$defs/person' },
    copies: { type: 'integer', minimum: 1, maximum: 20 },
    relation: { type: 'string', oneOf: [{ const: 'self', title: 'Chính tôi' }] },
  },
  allOf: [{ if: { properties: { copies: { const: 2 } }, required: ['copies'] }, then: { required: ['relation'] } }],
}

describe('pointers', () => {
  it.each([
    ['/a/b', ['a', 'b']],
    ['#/a~1b/c~0d', ['a/b', 'c~d']],
    ['', []],
  ])('%s', (pointer, path) => expect(tokens(pointer)).toEqual(path))
  it('reads and writes without touching what was there', () => {
    const data = { a: { b: 1 } }
    expect(valueAt(data, ['a', 'b'])).toBe(1)
    expect(withValue(data, ['a', 'c'], 2)).toEqual({ a: { b: 1, c: 2 } })
    expect(data).toEqual({ a: { b: 1 } })
  })
  it('names the input of a field', () => expect(inputId('/applicant/name')).toBe('root_applicant_name'))
})

describe('one page of a form', () => {
  it('asks its own fields only, and of those not what the city has locked', () => {
    const page = pageSchema(schema, ['applicant'], ['/applicant/name'])
    expect(Object.keys(page.properties as object)).toEqual(['applicant'])
    const applicant = (page.properties as Record<string, { properties: object; required: string[] }>).applicant
    expect(Object.keys(applicant?.properties ?? {})).toEqual(['phone'])
    expect(applicant?.required).toEqual(['phone'])
    expect(page.required).toEqual(['applicant'])
  })
  it('asks nothing when all of it is known', () =>
    expect(asksNothing(pageSchema(schema, ['applicant'], ['/applicant/name', '/applicant/phone']))).toBe(true))
  it('does not refuse what other pages hold', () =>
    expect(validate(pageSchema(schema, ['copies'], []), { copies: 2, relation: 'self', other: 1 }, t)).toEqual([]))
  it('finds what stands behind a reference', () => expect(schemaAt(schema, ['applicant', 'phone']).minLength).toBe(1))
})

describe('findings', () => {
  it.each([
    [{ applicant: { name: 'A', phone: '1' }, relation: 'self', copies: 99 }, '/copies', 'field_error.maximum:20'],
    [{ applicant: { name: 'A', phone: '1' }, relation: 'self' }, '/copies', 'field_error.required'],
    [{ applicant: { name: 'A', phone: '1' }, relation: 'self', copies: undefined }, '/copies', 'field_error.required'],
    [{ applicant: { name: 'A' }, relation: 'self', copies: 1 }, '/applicant/phone', 'field_error.required'],
    [{ applicant: { name: 'A', phone: '1' }, relation: 'other', copies: 1 }, '/relation', 'field_error.enum'],
  ])('%j', (data, pointer, message) => expect(validate(schema, data, t)).toEqual([{ pointer, message }]))
  it('answers which branch of a condition holds', () => {
    expect(isValid({ properties: { copies: { const: 2 } }, required: ['copies'] }, { copies: 2 }, schema)).toBe(true)
    expect(isValid({ properties: { copies: { const: 2 } }, required: ['copies'] }, {}, schema)).toBe(false)
  })
})
