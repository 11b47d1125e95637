// The declared contract: the server's own OpenAPI document, and the check of a reply against it. Every reply that a test
// sees passes through here, problems too, so that a shape nobody promised is found wherever it turns up.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

export const ROOT = process.env.SOURCE_ROOT ?? join(import.meta.dirname, '..', '..')

const fromWeb = createRequire(join(ROOT, 'web', 'package.json'))
const { Validator } = await import(pathToFileURL(fromWeb.resolve('@cfworker/json-schema')).href)

/** Code → HTTP status of every error a client can meet, from the one file that lists them. */
export const ERRORS = new Map(
  [...readFileSync(join(ROOT, 'src/base/errors.def'), 'utf8').matchAll(/^ERROR_ROW\(\w+,\s*"([\w-]+)",\s*\w+,\s*(\d+)/gm)]
    .map(([, code, status]) => [code, Number(status)]),
)

const JSON_TYPES = /^application\/(problem\+)?json(;|$)/

export class Contract {
  #operations = []
  #validators = new Map()
  /** "METHOD /path" → set of statuses seen. */
  seen = new Map()
  replies = 0

  constructor(document) {
    this.document = document
    for (const [path, methods] of Object.entries(document.paths))
      for (const [method, operation] of Object.entries(methods)) {
        const pattern = path.replace(/[.+?^$()|[\]\\]/g, '\\$&').replace(/\{\w+\}/g, '[^/]+')
        this.#operations.push({ method: method.toUpperCase(), path, operation, pattern: new RegExp(`^${pattern}$`) })
      }
  }

  get operations() {
    return this.#operations
  }

  /** The row that answers a request, or undefined. A literal segment is nearer than a {name}. */
  find(method, path) {
    const fits = this.#operations.filter((o) => o.method === method && o.pattern.test(path))
    return fits.sort((a, b) => a.path.split('{').length - b.path.split('{').length)[0]
  }

  #validator(schema) {
    const key = JSON.stringify(schema)
    if (!this.#validators.has(key)) {
      const whole = JSON.parse(
        JSON.stringify({ ...schema, $defs: this.document.components.schemas }).replaceAll('#/components/schemas/', '#/$defs/'),
      )
      this.#validators.set(key, new Validator(whole, '2020-12', false))
    }
    return this.#validators.get(key)
  }

  #fits(schema, value, where) {
    const { valid, errors } = this.#validator(schema).validate(value)
    assert.ok(valid, `${where}: not as declared\n${errors.slice(-4).map((e) => `  ${e.instanceLocation} ${e.error}`).join('\n')}\n` +
      JSON.stringify(value).slice(0, 2000))
  }

  /** A problem is what RFC 9457 and the registry of errors say. */
  #problem(reply, where) {
    assert.match(reply.headers['content-type'] ?? '', /^application\/problem\+json/, `${where}: a problem's media type`)
    this.#fits({ $ref: '#/components/schemas/problem' }, reply.body, where)
    assert.equal(reply.body.status, reply.status, `${where}: the problem's own status`)
    assert.equal(ERRORS.get(reply.body.code), reply.status, `${where}: code ${reply.body.code} is not one of the registry with this status`)
    assert.doesNotMatch(reply.text, /sqlite|\.c:\d+|\/src\/|SELECT /i, `${where}: a problem tells of our insides`)
  }

  note(operation, status) {
    this.seen.set(operation, (this.seen.get(operation) ?? new Set()).add(status))
  }

  check(method, path, reply) {
    const row = this.find(method, path)
    const where = `${method} ${path} → ${reply.status}`
    this.replies++
    if (row) this.note(`${method} ${row.path}`, reply.status)
    if (reply.status >= 400) {
      if (row) assert.ok(row.operation.responses[reply.status] ?? row.operation.responses[`${String(reply.status)[0]}XX`], `${where}: not declared`)
      if (reply.status !== 416) this.#problem(reply, where)
      return
    }
    if (!row || reply.status === 304 || reply.status === 206) return
    const declared = row.operation.responses[reply.status]
    assert.ok(declared, `${where}: only ${Object.keys(row.operation.responses)} are declared`)
    const schema = declared.content?.['application/json']?.schema
    if (schema) {
      assert.match(reply.headers['content-type'] ?? '', JSON_TYPES, `${where}: media type`)
      this.#fits(schema, reply.body, where)
    } else {
      assert.doesNotMatch(reply.headers['content-type'] ?? '', JSON_TYPES, `${where}: JSON that nobody declared`)
    }
  }
}
