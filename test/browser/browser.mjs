// People at their browsers: one Chromium for a test file, a context of its own for everyone. What a page says on its
// console, an axe finding, a page wider than its screen: each fails the test that saw it.
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { after, test } from 'node:test'

// A client is carried by the release program; the API's tests prefer the one with sanitizers.
const release = join(import.meta.dirname, '../../build/motcua')
if (!process.env.MOTCUA && existsSync(release)) process.env.MOTCUA = release
const { accounts, Client, ROOT, serve } = await import('../api/harness.mjs')

const fromWeb = createRequire(join(ROOT, 'web', 'package.json'))
const { chromium } = fromWeb('playwright-core')
const AXE = readFileSync(fromWeb.resolve('axe-core/axe.min.js'), 'utf8')

const FLAGS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run']
const PATIENCE = 20_000
export const PHONE = { width: 360, height: 740 }
export const DESK = { width: 1440, height: 900 }
export const SERVICE = '2.000635'

/** What a browser says by itself of an answer that is right: a fresh application has no draft. */
const EXPECTED = [[404, /\/api\/v1\/drafts\/[\d.]+$/]]

export class Town {
  /** flags: more of them for the browser; the rest is serve()'s. */
  static async open({ flags = [], ...options } = {}) {
    const town = new Town()
    town.server = await serve(options)
    town.address = `http://127.0.0.1:${town.server.port}`
    town.accounts = accounts(town.server.data)
    town.browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: [...FLAGS, ...flags] })
    after(() => town.browser.close())
    const front = await town.server.send('GET', '/')
    assert.match(front.text, /<div id="root">/, 'this program carries no web client: build it with one')
    return town
  }

  /** The nth account of a role in a unit. */
  account(role, unit, n = 0) {
    const found = this.accounts.filter((a) => a.role === role && (unit === undefined || a.unit === unit))[n]
    assert.ok(found, `no account ${n} of role ${role} at ${unit}`)
    return found
  }

  /** The nth citizen of the city; their unit is the ward they live in. */
  citizen(n = 0) {
    return this.account('citizen', undefined, n)
  }

  /** The same person asking the API directly: for what a test needs to be there and is not about. */
  async api({ user, password }) {
    const { body } = await new Client(this.server).post('/api/v1/sessions', { user, password }, 201)
    return new Client(this.server, { Authorization: `Bearer ${body.token}` }, user)
  }

  /** Steps that stand on each other: after one that failed, whose screens are kept in test-results, the rest say nothing. */
  story() {
    let broken = false
    return (name, body) =>
      test(name, async (t) => {
        if (broken) return t.skip('an earlier step failed')
        try {
          await body(t)
        } catch (error) {
          broken = true
          await this.keepScreens(name)
          throw error
        }
      })
  }

  async keepScreens(name) {
    const folder = join(ROOT, 'test-results')
    mkdirSync(folder, { recursive: true })
    const pages = this.browser.contexts().flatMap((context) => context.pages())
    for (const [i, page] of pages.entries()) await page.screenshot({ path: join(folder, `${name.replaceAll(/\W+/g, '-')}-${i + 1}.png`) }).catch(() => {})
  }

  /** Somebody opens a browser: on a phone, in Vietnamese and by daylight unless told otherwise. */
  async person(account, options) {
    return Person.sitDown(this, account, options)
  }
}

export class Person {
  #busy = new Set()
  faults = []

  static async sitDown(town, account, { viewport = PHONE, language = 'vi', dark = false, sharp = 1, signedIn = true } = {}) {
    const person = new Person()
    Object.assign(person, { town, account, viewport })
    person.context = await town.browser.newContext({
      viewport, baseURL: town.address, locale: language === 'vi' ? 'vi-VN' : 'en-GB', timezoneId: 'Asia/Ho_Chi_Minh',
      colorScheme: dark ? 'dark' : 'light', reducedMotion: 'reduce', deviceScaleFactor: sharp, acceptDownloads: true,
    })
    person.context.setDefaultTimeout(PATIENCE)
    if (language !== 'vi') await person.context.addInitScript((given) => localStorage.setItem('motcua.language', given), language)
    person.page = await person.context.newPage()
    person.#listen()
    if (account && signedIn) await person.signIn()
    return person
  }

  #listen() {
    const { page } = this
    page.on('pageerror', (error) => this.faults.push(`thrown: ${error.stack}`))
    page.on('console', (message) => {
      if (message.type() !== 'error' && message.type() !== 'warning') return
      const { url } = message.location()
      const status = Number(/status of (\d+)/.exec(message.text())?.[1])
      const offline = this.offline && /ERR_INTERNET_DISCONNECTED/.test(message.text())
      if (!offline && !EXPECTED.some(([known, where]) => status === known && where.test(url))) this.faults.push(`${message.type()}: ${message.text()} (${url})`)
    })
    const done = (request) => this.#busy.delete(request)
    page.on('request', (request) => { if (!request.url().endsWith('/events')) this.#busy.add(request) })
    page.on('requestfinished', done)
    page.on('requestfailed', done)
  }

  async signIn() {
    await this.page.goto('/dang-nhap')
    await this.fillIn()
    await this.page.waitForURL((url) => url.pathname !== '/dang-nhap')
    await this.settled()
  }

  /** On the sign-in page: who one is. */
  async fillIn() {
    await this.page.locator('#user').fill(this.account.user)
    await this.page.locator('#password').fill(this.account.password)
    await this.page.locator('#password').press('Enter')
  }

  async go(path) {
    await this.page.goto(path)
    await this.settled()
  }

  /** Everything asked for has come, and been drawn. */
  async settled() {
    const { page } = this
    const until = Date.now() + PATIENCE
    for (let quiet = 0; quiet < 3; ) {
      assert.ok(Date.now() < until, `${page.url()} never comes to rest: ${[...this.#busy].map((request) => request.url())}`)
      await page.evaluate(() => document.fonts.ready.then(() => new Promise((drawn) => requestAnimationFrame(() => setTimeout(drawn)))))
      const waiting = await page.locator('.loading, [data-loading="true"]').count()
      quiet = this.#busy.size === 0 && waiting === 0 ? quiet + 1 : 0
    }
  }

  /** The page with this heading is there, whole. */
  async reads(heading) {
    await this.page.getByRole('heading', { name: heading, level: 1 }).waitFor()
    await this.settled()
  }

  /** This text is to be seen. */
  async sees(text, scope = this.page) {
    await scope.getByText(text).first().waitFor()
  }

  press(name, role = 'button', scope = this.page) {
    return scope.getByRole(role, { name }).click()
  }

  /** What every page owes everybody: nothing for axe, nothing on the console, nothing wider than the screen. */
  async inspect(name) {
    await this.settled()
    const { page } = this
    const where = `${name} (${page.url()}, ${this.viewport.width} wide)`
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
    assert.ok(wide <= 0, `${where} is ${wide} pixels wider than the screen`)
    if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(AXE)
    const findings = await page.evaluate(async () => {
      const { violations } = await window.axe.run(document, { resultTypes: ['violations'] })
      return violations.map(({ id, help, nodes }) => `${id}: ${help}\n  ${nodes.map(({ html, failureSummary }) => `${html.slice(0, 200)}\n    ${failureSummary}`).join('\n  ')}`)
    })
    assert.deepEqual(findings, [], `axe at ${where}`)
    this.noFault(where)
  }

  noFault(where = this.page.url()) {
    assert.deepEqual(this.faults, [], `the console at ${where}`)
  }

  /** The picture of a page for the guides, when they are being renewed. */
  async picture(name, options = {}) {
    if (process.env.UPDATE_IMAGES !== '1') return
    await this.settled()
    const folder = join(ROOT, 'doc/images')
    mkdirSync(folder, { recursive: true })
    await this.page.screenshot({ path: join(folder, `${name}.png`), animations: 'disabled', caret: 'hide', ...options })
  }

  async goOffline(offline) {
    this.offline = offline
    await this.context.setOffline(offline)
  }

  async leave() {
    this.noFault()
    await this.context.close()
  }
}
