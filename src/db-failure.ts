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

/**
 * What a failure of the database means for whoever asked, whichever layer it comes from.
 *
 * @returns null for every other error
 */
export function databaseFailure(error: unknown): DomainError | null {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    const { code } = cause as { code?: unknown }
    if (code === DISK_FULL) return new StorageFullError()
    if (typeof code === 'string' && (UNREACHABLE.has(code) || code.startsWith('08'))) {
      return new UnavailableError('The database does not answer. Nothing was changed; try again in a moment.')
    }
  }
  return null
}
