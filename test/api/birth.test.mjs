// A granted birth writes the entry and the person; a minute later the extract of it can be asked for at any ward. A death
// closes a life; the books know it at once.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { act, BIRTH, birthForm, DEATH, EXTRACT, file, MARITAL, today, Town, upload, walk } from './town.mjs'

const town = await Town.open()
const [home, elsewhere] = town.wards
const grown = (person) => person.birth_date < today(-20 * 365) && person.status === 'alive'
const [mother] = await town.citizensWho((p) => grown(p) && p.sex === 'female')
const CHILD = 'Nguyễn Thị Ánh Dương'
const specialist = await town.as('specialist', home)

let code, number, entry

test('the form knows the mother', async () => {
  const f = (await mother.get(`/api/v1/services/${BIRTH}/form`)).body
  assert.equal(f.data.relation, 'mother')
  assert.equal(f.data.mother.full_name, mother.party.name)
})

test('a birth is declared with its notice and granted', async () => {
  const { id } = await upload(mother)
  const filed = await file(mother, home, { service: BIRTH, form: birthForm(CHILD), papers: [{ kind: 'birth-notice', document: id }] })
  code = filed.code
  assert.equal(filed.fee.state, 'none')
  assert.equal(filed.papers.find((p) => p.kind === 'birth-notice').document.id, id)
  const done = await walk(town, code, home, 'approve')
  assert.equal(done.status, 9)
  assert.equal(done.results.length, 1)
})

test('the entry is in the book and the child among the residents', async () => {
  const found = (await specialist.all(`/api/v1/registries/birth/records?purpose=case&case=${code}&q=${encodeURIComponent('nguyen thi anh duong')}`))
  assert.equal(found.length, 1)
  ;[entry] = found
  number = entry.body.subject
  const child = (await specialist.get(`/api/v1/registries/person/records/${number}?purpose=case&case=${code}`)).body.body

  assert.equal(entry.body.full_name, CHILD)
  assert.equal(entry.body.mother.number, mother.party.number)
  assert.equal(entry.body.office.code, home)
  assert.match(entry.key, new RegExp(`/\\d+/${home.replaceAll('.', '\\.')}$`))
  assert.equal(child.full_name, CHILD)
  assert.equal(child.mother, mother.party.number)
  assert.equal(child.status, 'alive')
  assert.match(number, /^079\d{9}$/)
  assert.equal(number.slice(3, 6), `3${entry.body.birth_date.slice(2, 4)}`, 'a girl of this century, and the year of birth')
  const { body: history } = await specialist.get(`/api/v1/registries/birth/records/${encodeURIComponent(entry.key)}/history?purpose=case&case=${code}`)
  assert.ok(history.items[0].case_id)
})

test('the certificate is in the mother’s vault', async () => {
  const { documents } = (await mother.get('/api/v1/vault')).body
  assert.ok(documents.some((d) => d.case === code && d.kind === 'birth-certificate'))
})

test('a minute later any ward gives the extract', async () => {
  const form = { relation: 'child', subject_number: number, copies: 1 }
  const { code: extract } = await file(mother, elsewhere, { service: EXTRACT, form })
  const received = await act(await town.as('one-stop', elsewhere), extract, 'receive')
  assert.deepEqual({ registry: received.entry.registry, key: received.entry.key }, { registry: 'birth', key: entry.key })
  assert.equal((await walk(town, extract, elsewhere, 'approve', 'hand-over')).status, 9)
})

test('two births at one office get one number each, one after the other', async () => {
  const numbers = []
  for (const name of ['Trần Minh Khôi', 'Trần Minh Khoa']) {
    const { id } = await upload(mother)
    const { code } = await file(mother, home, { service: BIRTH, form: birthForm(name, { sex: 'male' }), papers: [{ kind: 'birth-notice', document: id }] })
    await walk(town, code, home, 'approve')
    const [{ body }] = await specialist.all(`/api/v1/registries/birth/records?purpose=case&q=${encodeURIComponent(name)}`)
    numbers.push(body)
  }
  assert.equal(numbers[1].number, numbers[0].number + 1)
  assert.notEqual(numbers[0].subject, numbers[1].subject)
})

test('a birth that nobody signed writes nothing', async () => {
  const name = 'Không Được Ký'
  const { id } = await upload(mother)
  const { code } = await file(mother, home, { service: BIRTH, form: birthForm(name), papers: [{ kind: 'birth-notice', document: id }] })
  await walk(town, code, home, 'submit-for-signature')
  await act(await town.as('signatory', home), code, 'reject', { note: 'Không đủ căn cứ' })
  assert.deepEqual(await specialist.all(`/api/v1/registries/birth/records?purpose=case&q=${encodeURIComponent(name)}`), [])
})

test('a marital-status certificate says what the registry says', async () => {
  const f = (await mother.get(`/api/v1/services/${MARITAL}/form`)).body
  assert.ok(f.schema && f.locked.length > 0)
})

test('a death that is granted closes the record of the resident', async () => {
  const [deceased] = await town.citizensWho((p) => grown(p) && p.number !== mother.party.number && !p.spouse)
  const papers = [{ kind: 'death-notice', document: (await upload(mother)).id }]
  const { code } = await file(mother, home, {
    service: DEATH,
    form: {
      relation: 'relative',
      deceased: { number: deceased.party.number, full_name: deceased.party.name },
      death: { date: today(-2), place: 'Tại nhà', cause: 'Bệnh' },
    },
    papers,
  })
  assert.equal((await walk(town, code, home, 'approve')).status, 9)
  const { body } = (await specialist.get(`/api/v1/registries/person/records/${deceased.party.number}?purpose=case&case=${code}`)).body
  assert.equal(body.status, 'deceased')
  assert.equal(body.death_date, today(-2))
})
