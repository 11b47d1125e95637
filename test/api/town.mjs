// The people of the city and what they do all day, in the words of the contract.
import assert from 'node:assert/strict'
import { accounts, Client, serve } from './harness.mjs'

export const EXTRACT = '2.000635'
export const BIRTH = '1.001193'
export const DEATH = '1.000656'
export const MARITAL = '1.004873'
export const COPY = '2.000815'
export const BROKER = '1.012907'
export const MARRIAGE = '1.000894'
export const SIGNATURE = '2.000884'
export const PARENT_CHILD = '1.001022'
export const GUARDIANSHIP = '1.004837'
export const CORRECTION = '1.004859'
export const AGAIN = '1.004884'
export const OPEN_BUSINESS = '1.001612'
export const CHANGE_BUSINESS = '2.000720'
export const SUSPEND_BUSINESS = '1.001570'
export const CLOSE_BUSINESS = '1.001266'
export const MORTGAGE = '1.011441'
export const TRANSFER = '1.013831'
export const SPLIT = '1.012784'
export const HOUSE_PERMIT = '1.013225'
export const ALLOWANCE = '1.001776'
export const WORK_PERMIT = '2.000205'
export const SCHOOL = '2.002481'
export const PRACTITIONER = '1.012259'
export const FEEDBACK = '9.000002'
/** Worked out by hand, and offered online in part only. */
export const PARTIAL = [MARRIAGE, COPY, SIGNATURE, PARENT_CHILD, CORRECTION, TRANSFER, SPLIT, HOUSE_PERMIT]
export const SERVICES = [
  DEATH, BIRTH, MARITAL, BROKER, EXTRACT, COPY, MARRIAGE, SIGNATURE, PARENT_CHILD, GUARDIANSHIP, CORRECTION, AGAIN, OPEN_BUSINESS, CHANGE_BUSINESS,
  SUSPEND_BUSINESS, CLOSE_BUSINESS, MORTGAGE, TRANSFER, SPLIT, HOUSE_PERMIT, ALLOWANCE, WORK_PERMIT, SCHOOL, PRACTITIONER, FEEDBACK,
]
export const ROLES = ['citizen', 'helper', 'one-stop', 'specialist', 'unit-head', 'signatory', 'clerk', 'cashier', 'archivist', 'steward', 'supervisor', 'auditor', 'admin']

export class Town {
  #signed = new Map()

  static async open(options) {
    const town = new Town()
    town.server = await serve(options)
    town.contract = town.server.contract
    town.stranger = new Client(town.server)
    town.accounts = accounts(town.server.data)
    town.wards = (await town.stranger.get(`/api/v1/units?service=${BIRTH}&limit=200`)).body.items.map((u) => u.code).filter((code) => town.has('one-stop', code))
    town.departments = (await town.stranger.get('/api/v1/units?kind=department&limit=200')).body.items.map((u) => u.code)
    return town
  }

  has(role, unit) {
    return this.accounts.some((a) => a.role === role && (unit === undefined || a.unit === unit))
  }

  /** A fresh session of an account. */
  async signIn({ user, password }) {
    const { body } = await this.stranger.post('/api/v1/sessions', { user, password }, 201)
    const client = new Client(this.server, { Authorization: `Bearer ${body.token}` }, user)
    client.party = body.party
    client.account = { user, password }
    return client
  }

  /** The nth account of a role (in a unit), signed in once. */
  async as(role, unit, n = 0) {
    const fits = this.accounts.filter((a) => a.role === role && (unit === undefined || a.unit === unit))
    assert.ok(fits[n], `no account ${n} of role ${role} at ${unit}`)
    return this.signedIn(fits[n])
  }

  signedIn(account) {
    if (!this.#signed.has(account.user)) this.#signed.set(account.user, this.signIn(account))
    return this.#signed.get(account.user)
  }

  citizen(n = 0) {
    return this.as('citizen', undefined, n)
  }

  /** Citizens that a question about their own record says are fit, n of them. */
  async citizensWho(fits, n = 1) {
    const found = []
    for (const account of this.accounts.filter((a) => a.role === 'citizen')) {
      const client = await this.signedIn(account)
      const { body } = await client.get(`/api/v1/registries/person/records/${client.party.number}?purpose=self`)
      if (fits(body.body)) found.push(Object.assign(client, { person: body.body }))
      if (found.length === n) return found
    }
    assert.fail('no citizen of the demo accounts is like that')
  }
}

/** Files an application for two copies of one's own birth extract unless told otherwise. */
export async function file(client, unit, { service = EXTRACT, form = { copies: 2 }, want, headers, ...rest } = {}) {
  return (await client.post('/api/v1/cases', { service, unit, form, ...rest }, want ?? 201, headers)).body
}

export async function act(client, code, action, body = {}, want = 200, headers) {
  return (await client.post(`/api/v1/cases/${code}/actions/${action}`, body, want, headers)).body
}

/** The plain way of a one-stop dossier: who does what, in order. */
export const WAY = [
  ['receive', 'one-stop'],
  ['hand-over', 'one-stop'],
  ['assign', 'specialist'],
  ['submit-for-signature', 'specialist'],
  ['approve', 'signatory'],
  ['deliver', 'one-stop'],
  ['archive', 'archivist'],
]

/** Walks a case along its way up to and with the action named; the last reply. */
export async function walk(town, code, unit, last, first = 'receive') {
  let seen
  for (const [action, role] of WAY.slice(WAY.findIndex(([id]) => id === first))) {
    seen = await act(await town.as(role, unit), code, action)
    if (action === last) break
  }
  return seen
}

const ONWARD = [
  ['receive', 'one-stop'], ['hand-over', 'one-stop'], ['inspect', 'specialist'], ['post-publicly', 'specialist'], ['submit-for-check', 'specialist'], ['submit-for-signature', 'specialist'],
  ['submit-for-signature', 'unit-head'], ['approve', 'signatory'], ['issue', 'clerk'], ['deliver', 'one-stop'],
]

/** Whoever was asked about a case answers, with what `inputs.answers` has for them. */
async function answerAll(town, { asked }, { answers = {} }) {
  for (const { case: child, ask, unit: other, answered_at: answered } of asked)
    if (answered === null) await act(await town.as('specialist', other.code), child, 'answer', { note: 'Đã thực hiện', ...(answers[ask] && { form: answers[ask] }) })
}

/** Plays a case to its result, whatever its flow: at each step its role moves it on; the case as it was delivered. */
export async function play(town, code, unit, inputs = {}) {
  let seen = (await (await town.as('one-stop', unit)).get(`/api/v1/cases/${code}`)).body
  for (let steps = 0; steps < 14; steps++) {
    await answerAll(town, seen, inputs)
    const who = await town.as(seen.step.role, unit)
    seen = (await who.get(`/api/v1/cases/${code}`)).body
    const [action] = ONWARD.find(([id, role]) => role === seen.step.role && seen.actions.some((a) => a.id === id)) ?? []
    assert.ok(action, `${code} does not move on from ${seen.step.id}`)
    seen = await act(who, code, action, inputs[action] ?? {})
    if (seen.status === 10) return seen
  }
  assert.fail(`${code} never ends`)
}

/** A birth to declare, by a parent. */
export function birthForm(child, over = {}) {
  return {
    child: {
      full_name: child, sex: 'female', birth_date: today(-3), birth_place: 'Bệnh viện Từ Dũ, Thành phố Hồ Chí Minh',
      native_place: 'Thành phố Hồ Chí Minh', ethnicity: 'Kinh', nationality: 'Việt Nam', ...over,
    },
    situation: 'notice',
  }
}

/** A date of the city's clock, some days from now. */
export function today(days = 0) {
  return new Date(Date.now() + days * 86400000 + 7 * 3600000).toISOString().slice(0, 10)
}

export async function upload(client, bytes = PDF, { type = 'application/pdf', name = 'giấy tờ.pdf', want = 201, headers = {} } = {}) {
  return (await client.post('/api/v1/documents', bytes, want, {
    'Content-Type': type, 'Content-Disposition': `attachment; filename*=UTF-8''${encodeURIComponent(name)}`, ...headers,
  })).body
}

/** The smallest honest PDF. */
export const PDF = pdf('motcua')
export function pdf(words) {
  const stream = `BT /F1 24 Tf 72 720 Td (${words}) Tj ET`
  const objects = [
    '<</Type/Catalog/Pages 2 0 R>>', '<</Type/Pages/Kids[3 0 R]/Count 1>>',
    '<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>',
    `<</Length ${stream.length}>>\nstream\n${stream}\nendstream`, '<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>',
  ]
  let text = '%PDF-1.4\n'
  const at = objects.map((o, i) => {
    const here = text.length
    text += `${i + 1} 0 obj\n${o}\nendobj\n`
    return here
  })
  const xref = text.length
  text += `xref\n0 6\n0000000000 65535 f \n${at.map((n) => `${String(n).padStart(10, '0')} 00000 n \n`).join('')}`
  return Buffer.from(`${text}trailer\n<</Size 6/Root 1 0 R>>\nstartxref\n${xref}\n%%EOF\n`, 'latin1')
}
export const PNG = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64')
