import { DomainError, StorageFullError, UnavailableError } from './errors.ts'

/** How the network, postgres.js and the server itself say that there is nobody to ask right now. */
const UNREACHABLE = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENOTFOUND',
  'CONNECT_TIMEOUT',
  'CONNECTION_CLOSED',
  'CONNECTION_ENDED',
  'CONNECTION_DESTROYED',
  '57P01', // admin_shutdown
  '57P02', // crash_shutdown
  '57P03', // cannot_connect_now
  '53300', // too_many_connections
])
const DISK_FULL = '53100'
/** A NUL in a text, half a character in JSON. */
const UNSTORABLE = ['22021', '22P05']

/**
 * What a failure of the database means for whoever asked, whichever layer it comes from.
 *
 * @returns null for every other error
 */
export function databaseFailure(error: unknown): DomainError | null {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    const { code } = cause as { code?: unknown }
    if (code === DISK_FULL) return new StorageFullError()
    if (typeof code !== 'string') continue
    if (UNSTORABLE.includes(code)) return new DomainError('BAD_USER_INPUT', NOT_TEXT)
    if (UNREACHABLE.has(code) || code.startsWith('08')) {
      return new UnavailableError('The database does not answer. Nothing was changed; try again in a moment.')
    }
  }
  return null
}

const NOT_TEXT = 'A text holds a character that cannot be stored: NUL (\\u0000), or half of a character. Remove it.'
