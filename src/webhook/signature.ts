import { createHmac } from 'node:crypto'

export const TIMESTAMP_HEADER = 'x-tunebook-timestamp'
export const SIGNATURE_HEADER = 'x-tunebook-signature'

/**
 * What proves that a message comes from here and now: HMAC-SHA256 over "timestamp.body" with the shared secret, in
 * hexadecimal. The receiver computes the same, compares in constant time, and refuses timestamps that are minutes old.
 *
 * @param timestamp seconds since epoch
 */
export function sign(secret: string, timestamp: number, body: string): string {
  return `sha256=${createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex')}`
}
