import { hash, randomBytes, timingSafeEqual } from 'node:crypto'

/** Makes a leaked token recognisable to whoever, or whatever, finds it. */
const MARK = 'tb_'
const SECRET_BYTES = 32
/** Enough to tell tokens apart, far too little to guess the rest. */
const PREFIX_LENGTH = MARK.length + 6

/** 256 random bits: tb_ and 43 letters, digits, - and _. */
export function newSecret(): string {
  return MARK + randomBytes(SECRET_BYTES).toString('base64url')
}

export function prefixOf(secret: string): string {
  return secret.slice(0, PREFIX_LENGTH)
}

/** SHA-256, hexadecimal. A slow hash protects secrets that people choose; nobody guesses 256 random bits. */
export function hashOf(secret: string): string {
  return hash('sha256', secret, 'hex')
}

/** Whether two hashes are equal, in the same time wherever they differ. */
export function sameHash(a: string, b: string): boolean {
  return timingSafeEqual(Buffer.from(a, 'hex'), Buffer.from(b, 'hex'))
}
