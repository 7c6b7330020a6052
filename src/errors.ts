/** A path into the input and what is wrong there, as in `parameterSpace.2.high`: "must be greater than low (20)". */
export interface FieldError {
  path: string[]
  message: string
  /** in an expression: the first character that is wrong, from 1 */
  column?: number | null
}

/**
 * A failure that the caller can act on. `code` is stable; `message` says what happened, the value and what to do.
 * Anything thrown that is not a DomainError is a bug.
 */
export class DomainError extends Error {
  readonly code: string

  constructor(code: string, message: string) {
    super(message)
    this.name = new.target.name
    this.code = code
  }
}

/** The input was understood but is not acceptable; every offending field is named at once. */
export class ValidationError extends DomainError {
  readonly fieldErrors: FieldError[]

  constructor(fieldErrors: FieldError[], code = 'BAD_USER_INPUT') {
    super(code, describe(fieldErrors))
    this.fieldErrors = fieldErrors
  }

  /** One offending field. */
  static at(path: string | string[], message: string, code?: string): ValidationError {
    return new ValidationError([{ path: typeof path === 'string' ? [path] : path, message }], code)
  }
}

export class NotFoundError extends DomainError {
  readonly id: string | null

  constructor(what: string, id: string | null, remedy = '') {
    super('NOT_FOUND', `No ${what} ${id === null ? 'found' : `with id ${id}`}.${remedy && ` ${remedy}`}`)
    this.id = id
  }
}

/** The state changed under the caller: already applied, already running, expired, or a newer version exists. */
export class ConflictError extends DomainError {
  constructor(message: string) {
    super('CONFLICT', message)
  }
}

/** Nobody is signed in, or with what does not count any more. Always the same words: they help nobody to guess. */
export class UnauthenticatedError extends DomainError {
  constructor() {
    super('UNAUTHENTICATED', 'Sign in: send "Authorization: Bearer <token>" with a token that is valid.')
  }
}

/** Signed in, but without the role that this needs. */
export class ForbiddenError extends DomainError {
  constructor(message: string) {
    super('FORBIDDEN', message)
  }
}

/** Too many attempts. */
export class RateLimitedError extends DomainError {
  readonly retryAfterSeconds: number

  constructor(message: string, retryAfterSeconds: number) {
    super('RATE_LIMITED', message)
    this.retryAfterSeconds = retryAfterSeconds
  }
}

/** The service cannot answer now; trying again later may help. */
export class UnavailableError extends DomainError {
  constructor(message: string) {
    super('SERVICE_UNAVAILABLE', message)
  }
}

/** The disk of the database has no room; what is stored can still be read. */
export class StorageFullError extends DomainError {
  constructor() {
    super('STORAGE_FULL', "The database's disk is full. Nothing was changed; free some space and try again.")
  }
}

/** So much waits already that more would not be kept; it will be taken after a while. */
export class QueueFullError extends DomainError {
  readonly retryAfterMs: number

  constructor(waiting: number, retryAfterMs: number) {
    super(
      'QUEUE_FULL',
      `${waiting} jobs are waiting, and no more are taken. Try again in ${Math.ceil(retryAfterMs / 1000)} s, cancel some, or raise TUNEBOOK_MAX_QUEUED.`,
    )
    this.retryAfterMs = retryAfterMs
  }
}

function describe(fieldErrors: FieldError[]): string {
  return fieldErrors.map(({ path, message }) => (path.length ? `${path.join('.')}: ${message}` : message)).join('\n')
}
