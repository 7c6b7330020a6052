import { isIP } from 'node:net'
import type { Config } from '../config.ts'
import { LIMITS } from './limits.ts'
import { requestId } from './request-id.ts'

/** Why a request is turned away before anything looks at its content. */
export interface Refusal {
  status: number
  code: string
  message: string
}

export const BODY_TOO_LARGE: Refusal = {
  status: 413,
  code: 'PAYLOAD_TOO_LARGE',
  message: `A request holds at most ${LIMITS.bodyBytes / 2 ** 20} MB. Use the import folder for candle files.`,
}

const LOOPBACK = ['127.0.0.1', 'localhost', '[::1]']
const ANY_ADDRESS = ['0.0.0.0', '::']

/** What the guard reads of a request's headers, whatever server it came by. */
export type HeaderOf = (name: string) => string | null | undefined

/**
 * A page that the browser believes to come from here may read our answers; so a foreign name that was made to point
 * at this machine (DNS rebinding) must find nobody.
 *
 * @param config.host  the address that the server was told to listen on; its name is accepted beside the loopback
 * names, and every address (none can be rebound) where it listens on all of them
 * @param config.names further names of this machine, lower case
 */
export function refuseHost(header: HeaderOf, { host, names }: Pick<Config, 'host' | 'names'>): Refusal | null {
  const given = header('host') ?? ''
  const name = given.replace(/:\d*$/, '').toLowerCase()
  if (LOOPBACK.includes(name) || name === bracketed(host) || names.includes(name)) return null
  if (ANY_ADDRESS.includes(host) && isIP(name.replace(/^\[(.*)\]$/, '$1'))) return null
  return {
    status: 403,
    code: 'FORBIDDEN',
    message: `The Host header ${shorten(given)} does not name this server. Use http://${bracketed(host)} in the address, or name it in TUNEBOOK_NAMES.`,
  }
}

/** Requests of a page that another server delivered are refused; a program that sends no Origin is welcome. */
export function refuseOrigin(header: HeaderOf): Refusal | null {
  const origin = header('origin')
  const foreign = typeof origin === 'string' && hostOf(origin) !== header('host')?.toLowerCase()
  if (!foreign && header('sec-fetch-site') !== 'cross-site') return null
  return {
    status: 403,
    code: 'CSRF_BLOCKED',
    message: `Pages of ${shorten(origin ?? 'another site')} may not use this API. Open the dashboard at the server's own address.`,
  }
}

/** Only what a browser sends with the server's consent: JSON. Forms, multipart and text would come without asking. */
export function refuseContent(method: string, header: HeaderOf): Refusal | null {
  if (method === 'GET' || method === 'HEAD') return null
  if (method !== 'POST') {
    return {
      status: 405,
      code: 'METHOD_NOT_ALLOWED',
      message: `${shorten(method)} is not used here. Send POST with a JSON body.`,
    }
  }
  const type = header('content-type')?.split(';')[0]!.trim().toLowerCase()
  const encoding = header('content-encoding') ?? 'identity'
  if (type === 'application/json' && encoding === 'identity') return null
  return {
    status: 415,
    code: 'UNSUPPORTED_MEDIA_TYPE',
    message: 'Send Content-Type: application/json with a body {"query": "…", "variables": {…}}, not compressed.',
  }
}

/** The refusal as a GraphQL answer, so that a client can read it like any other error. */
export function refusalBody({ message, code }: Refusal): string {
  return JSON.stringify({ errors: [{ message, extensions: { code, requestId: requestId() } }] })
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined
}

/** An IPv6 address as it stands in a URL. */
export function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host.toLowerCase()
}

function shorten(text: string): string {
  return JSON.stringify(text.slice(0, 80))
}
