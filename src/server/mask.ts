import { GraphQLError } from 'graphql'
import type { Logger } from 'pino'
import { databaseFailure } from '../db-failure.ts'
import { DomainError, QueueFullError, ValidationError } from '../errors.ts'
import { requestId } from './request-id.ts'

/** Yoga's names for what our contract names otherwise. */
const CODES: Record<string, string> = {
  BAD_REQUEST: 'BAD_USER_INPUT',
}

/**
 * What a client is told of an error. A DomainError keeps its message and its code; a request that GraphQL itself
 * refuses keeps its message; anything else is a bug: logged whole under a request id, shown as "Unexpected error."
 */
export function presentError(error: unknown, log: Logger): GraphQLError {
  const cause = databaseFailure(rootCause(error)) ?? rootCause(error)
  if (cause instanceof DomainError) {
    const fieldErrors = cause instanceof ValidationError ? { fieldErrors: cause.fieldErrors } : {}
    const wait = cause instanceof QueueFullError ? { retryAfterMs: cause.retryAfterMs } : {}
    return located(error, cause.message, { code: cause.code, ...fieldErrors, ...wait })
  }
  if (cause instanceof GraphQLError) {
    const { originalError: _, code = 'BAD_USER_INPUT', ...extensions } = cause.extensions
    return located(error, cause.message, { ...extensions, code: CODES[String(code)] ?? code })
  }
  const id = requestId()
  log.error({ requestId: id, path: pathOf(error), err: cause }, 'a request failed')
  // `unexpected` tells Yoga the HTTP status
  return located(error, 'Unexpected error.', { code: 'INTERNAL', requestId: id, unexpected: true })
}

/** What was thrown, under the GraphQLErrors that say where. */
function rootCause(error: unknown): unknown {
  return error instanceof GraphQLError && error.originalError ? rootCause(error.originalError) : error
}

function located(error: unknown, message: string, extensions: Record<string, unknown>): GraphQLError {
  if (!(error instanceof GraphQLError)) return new GraphQLError(message, { extensions })
  const { nodes, source, positions, path } = error
  return new GraphQLError(message, { nodes, source, positions, path, extensions })
}

function pathOf(error: unknown): readonly (string | number)[] | undefined {
  return error instanceof GraphQLError ? error.path : undefined
}
