// The proofs of the access log, reckoned here: nothing the server says about itself is believed. RFC 6962's tree over
// SHA-256, by the browser's own WebCrypto; the root is signed by the city.

export interface Root {
  size: number
  hash: string
  at: string
  text: string
  algorithm: 'ES256' | 'RS256'
  signature: string
  public_key: string
}
export interface Proof {
  index: number
  text: string
  path: string[]
  root: Root | null
}

const bytesOfHex = (hex: string) => Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16))
const hexOf = (bytes: Uint8Array) => Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('')
const bytesOfBase64 = (text: string) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0))

async function hash(kind: 0 | 1, ...parts: Uint8Array[]) {
  const all = new Uint8Array(1 + parts.reduce((n, p) => n + p.length, 0))
  all[0] = kind
  let at = 1
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return new Uint8Array(await crypto.subtle.digest('SHA-256', all))
}

/** The root that a leaf's text and its path lead to (RFC 9162, 2.1.3.2); null when the path is not of that length. */
async function rootOf(proof: Proof, size: number) {
  if (!Number.isSafeInteger(proof.index) || proof.index < 0 || proof.index >= size) return null
  let place = proof.index, last = size - 1
  let seen = await hash(0, new TextEncoder().encode(proof.text))
  for (const step of proof.path.map(bytesOfHex)) {
    if (last === 0) return null
    if (place % 2 === 1 || place === last) {
      seen = await hash(1, step, seen)
      while (place % 2 === 0 && place !== 0) {
        place = Math.floor(place / 2)
        last = Math.floor(last / 2)
      }
    } else seen = await hash(1, seen, step)
    place = Math.floor(place / 2)
    last = Math.floor(last / 2)
  }
  return last === 0 ? hexOf(seen) : null
}

export async function isIncluded(proof: Proof) {
  return proof.root !== null && (await rootOf(proof, proof.root.size)) === proof.root.hash
}

/** That the log of an older root is the beginning of a newer one's (RFC 9162, 2.1.4.2). */
export async function isConsistent(older: Pick<Root, 'size' | 'hash'>, newer: Pick<Root, 'size' | 'hash'>, given: string[]) {
  if (older.size === newer.size) return given.length === 0 && older.hash === newer.hash
  if (older.size < 1 || older.size > newer.size) return false
  // Of a full tree the older root itself is where the path begins.
  const path = Number.isInteger(Math.log2(older.size)) ? [older.hash, ...given] : given
  if (!path.length) return false
  let place = older.size - 1, last = newer.size - 1
  while (place % 2 === 1) {
    place = Math.floor(place / 2)
    last = Math.floor(last / 2)
  }
  let before = bytesOfHex(path[0] ?? ''), now = before
  for (const step of path.slice(1).map(bytesOfHex)) {
    if (last === 0) return false
    if (place % 2 === 1 || place === last) {
      before = await hash(1, step, before)
      now = await hash(1, step, now)
      while (place % 2 === 0 && place !== 0) {
        place = Math.floor(place / 2)
        last = Math.floor(last / 2)
      }
    } else now = await hash(1, now, step)
    place = Math.floor(place / 2)
    last = Math.floor(last / 2)
  }
  return last === 0 && hexOf(before) === older.hash && hexOf(now) === newer.hash
}

/** That the root was signed by that key, and that its fields are what was signed. */
export async function isSigned(root: Root) {
  const [purpose, , size, rootHash, at] = root.text.split('\n')
  if (purpose !== 'motcua vault log' || Number(size) !== root.size || rootHash !== root.hash || Date.parse(at ?? '') !== Date.parse(root.at)) return false
  const how =
    root.algorithm === 'ES256'
      ? { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
      : { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }
  try {
    const key = await crypto.subtle.importKey('spki', bytesOfBase64(root.public_key), how, false, ['verify'])
    return await crypto.subtle.verify(how, key, bytesOfBase64(root.signature), new TextEncoder().encode(root.text))
  } catch {
    return false
  }
}

/** What people compare: the first and last of the key's own SHA-256. */
export async function fingerprint(root: Root) {
  return hexOf(new Uint8Array(await crypto.subtle.digest('SHA-256', bytesOfBase64(root.public_key))))
}
