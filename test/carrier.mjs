// A reference carrier: takes orders as VNPost's interface does, each OrderNumber once, and tells by signed callbacks where
// a parcel is. It can be told to misbehave. By itself:
//   node test/carrier.mjs --port 9500 --secret S --callback http://127.0.0.1:8080/api/v1/post/events
//   curl -d '{"mode":"down"}' :9500/mode · curl :9500/orders · curl -d '{"states":["picked-up","delivered"]}' :9500/orders/NUMBER/states
import { createHmac, timingSafeEqual } from 'node:crypto'
import { createServer } from 'node:http'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const CLOCK_S = 300
const BODY_MAX = 64 << 10
const NEEDED = [
  'CustomerCode', 'OrderNumber', 'CODAmount', 'SenderName', 'SenderAddress', 'SenderProvince', 'ReceiverName', 'ReceiverAddress', 'ReceiverTel', 'Description', 'flag',
]
/** ok · down: hangs up · lost: takes the order and hangs up · slow: answers after `delay` · error: 500 · refuse: 422 ·
 *  nonsense: HTML · huge: a megabyte · other: the answer to another order */
export const MODES = ['ok', 'down', 'lost', 'slow', 'error', 'refuse', 'nonsense', 'huge', 'other']

export const sign = (secret, timestamp, body) => createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex')

function isSigned(secret, headers, body) {
  const at = headers['x-timestamp'] ?? '', said = Buffer.from(headers['x-signature'] ?? ''), right = Buffer.from(sign(secret, at, body))
  return said.length === right.length && timingSafeEqual(said, right) && Math.abs(Date.now() / 1000 - Number(at)) <= CLOCK_S
}

export class Carrier {
  orders = new Map() // by OrderNumber
  asked = 0 // how often an order came, taken or not
  mode = 'ok'
  delay = 0

  constructor({ secret, customer, callback }) {
    Object.assign(this, { secret, customer, callback })
  }

  static async start({ port = 0, ...options }) {
    const carrier = new Carrier(options)
    carrier.server = createServer((q, r) => void carrier.#answer(q, r))
    await new Promise((resolve) => carrier.server.listen(port, '127.0.0.1', resolve))
    carrier.url = `http://127.0.0.1:${carrier.server.address().port}/orders`
    return carrier
  }

  stop() {
    this.server.closeAllConnections()
    return new Promise((resolve) => this.server.close(resolve))
  }

  async #answer(q, r) {
    let body = ''
    for await (const part of q.setEncoding('utf8')) if ((body += part).length > BODY_MAX) return q.destroy()
    const send = (status, value) => r.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(value))
    const [, states] = /^\/orders\/(\d+)\/states$/.exec(q.url) ?? []
    try {
      if (q.method === 'POST' && q.url === '/orders') return await this.#order(q, r, body, send)
      if (q.method === 'GET' && q.url === '/orders') return send(200, [...this.orders.values()])
      if (q.method === 'POST' && q.url === '/mode') return send(200, this.behave(JSON.parse(body)))
      if (q.method === 'POST' && states) return send(200, await this.tell(states, ...JSON.parse(body).states))
      send(404, {})
    } catch (e) {
      send(400, { message: e.message })
    }
  }

  behave({ mode = 'ok', delay = 0 }) {
    if (!MODES.includes(mode)) throw new Error(`one of ${MODES.join(', ')}`)
    return Object.assign(this, { mode, delay }) && { mode, delay }
  }

  async #order(q, r, body, send) {
    this.asked++
    if (this.mode === 'down') return r.destroy()
    if (this.mode === 'error') return send(500, { message: 'down for repair' })
    if (this.mode === 'refuse') return send(422, { message: 'ReceiverTel is not served' })
    if (!isSigned(this.secret, q.headers, body)) return send(401, { message: 'signature' })
    const order = JSON.parse(body)
    const lacking = NEEDED.filter((name) => order[name] === undefined || order[name] === '')
    if (lacking.length) return send(422, { message: `lacks ${lacking.join(', ')}` })
    if (order.CustomerCode !== this.customer) return send(403, { message: 'CustomerCode' })
    const taken = this.#take(order)
    if (this.mode === 'lost') return r.destroy()
    if (this.mode === 'nonsense') return r.writeHead(200, { 'Content-Type': 'text/html' }).end('<html>OK</html>')
    if (this.mode === 'huge') return r.writeHead(200, { 'Content-Type': 'application/json' }).end(`{"pad":"${'x'.repeat(1 << 20)}"}`)
    if (this.mode === 'slow') await new Promise((resolve) => setTimeout(resolve, this.delay))
    send(200, { OrderNumber: this.mode === 'other' ? '1' : order.OrderNumber, ItemCode: taken.ItemCode })
  }

  #take(order) {
    if (!this.orders.has(order.OrderNumber))
      this.orders.set(order.OrderNumber, { ...order, ItemCode: `RR${String(this.orders.size + 1).padStart(9, '0')}VN` })
    return this.orders.get(order.OrderNumber)
  }

  /** Tells states in the order given, also a wrong one; the answers. */
  async tell(number, ...states) {
    const { ItemCode } = this.orders.get(number) ?? {}
    const answers = []
    for (const Status of states) answers.push(await this.say({ OrderNumber: number, ...(ItemCode && { ItemCode }), Status }))
    return answers
  }

  /** One callback; over: headers of a forger. */
  async say(event, { secret = this.secret, at = Math.floor(Date.now() / 1000), over = {} } = {}) {
    const body = typeof event === 'string' ? event : JSON.stringify(event)
    const headers = { 'Content-Type': 'application/json', 'X-Timestamp': String(at), 'X-Signature': sign(secret, String(at), body), ...over }
    const reply = await fetch(this.callback, { method: 'POST', headers, body })
    return { status: reply.status, body: await reply.json().catch(() => null) }
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: '9500' }, secret: { type: 'string', default: 'secret' }, customer: { type: 'string', default: 'MOTCUA' },
      callback: { type: 'string', default: 'http://127.0.0.1:8080/api/v1/post/events' },
    },
  })
  const { url } = await Carrier.start({ ...values, port: Number(values.port) })
  console.log(`carrier at ${url}`)
}
