import { DomainError, StorageFullError, UnavailableError } from './errors.ts'

const NO_CONNECTION_LEFT = '53300'
/** How the network, postgres.js and the server itself say that there is nobody to ask right now. */
const UNREACHABLE = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN', // no name server answers, or the name of a container that is being replaced
  'CONNECT_TIMEOUT',
  'CONNECTION_CLOSED',
  'CONNECTION_ENDED',
  'CONNECTION_DESTROYED',
  '57P01', // admin_shutdown
  '57P02', // crash_shutdown
  '57P03', // cannot_connect_now
  NO_CONNECTION_LEFT,
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
    if (isAway(code)) {
      return new UnavailableError('The database does not answer. Nothing was changed; try again in a moment.')
    }
  }
  return null
}

const NO_RIGHT = '42501'
/** A wrong password, a user without access, no such database. */
const REFUSED = new Set(['28P01', '28000', '3D000'])

/**
 * What keeps a process from starting on the database of DATABASE_URL, in words for whoever has set it.
 *
 * @returns every other error as it is
 */
export function startFailure(error: unknown): unknown {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    const { code, message } = cause as Error & { code?: unknown }
    const remedy = typeof code === 'string' && remedyFor(code)
    if (remedy) return new UnavailableError(`The database of DATABASE_URL cannot be used: ${message}. ${remedy}`)
  }
  return error
}

function remedyFor(code: string): string | null {
  if (code === NO_RIGHT) return 'Make the user its owner (ALTER DATABASE … OWNER TO …), or name the user that is.'
  if (code === NO_CONNECTION_LEFT) return 'Raise max_connections of PostgreSQL, or start fewer processes.'
  if (REFUSED.has(code)) return `Check user, password and name of the database. ${ESCAPES}`
  if (isAway(code)) return `Check host and port, and whether it is up; then start again. ${ESCAPES}`
  return null
}

/** One of these would end the password, and the rest be taken for the host. */
const ESCAPES = 'In a password @ : / ? # % are written %40 %3A %2F %3F %23 %25.'

function isAway(code: string): boolean {
  return UNREACHABLE.has(code) || code.startsWith('08')
}

const NOT_TEXT = 'A text holds a character that cannot be stored: NUL (\\u0000), or half of a character. Remove it.'
