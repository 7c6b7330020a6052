import { GraphQLError } from 'graphql'
import type { Plugin } from 'graphql-yoga'
import { ERROR_LIMITS } from './limits.ts'
import { mapped } from './mapped.ts'
import { requestId } from './request-id.ts'

interface Result {
  errors?: readonly GraphQLError[] | undefined
}

/**
 * The errors of an answer as they leave: few, short, none of them repeating what was sent, each with its code and the
 * id under which the log knows the request.
 */
export function shortErrors(errors: readonly GraphQLError[]): GraphQLError[] {
  const id = requestId()
  const short = errors.slice(0, ERROR_LIMITS.errors).map((error) => shorten(error, id))
  let left = ERROR_LIMITS.bytes
  return short.filter((error, position) => {
    left -= Buffer.byteLength(JSON.stringify(error)) + 1
    return position === 0 || left > 0
  })
}

/** HTTP and Server-Sent Events; a WebSocket shortens its errors itself. */
export function shortAnswers(): Plugin {
  return {
    onResultProcess(event) {
      const { result } = event
      const shortened = (one: Result) => (one.errors ? { ...one, errors: shortErrors(one.errors) } : one)
      if (Symbol.asyncIterator in result) {
        event.setResult(mapped(result as AsyncIterable<Result>, shortened) as unknown as typeof result)
      } else event.setResult(shortened(result as Result) as typeof result)
    },
  }
}

function shorten(error: GraphQLError, id: string): GraphQLError {
  const { originalError: _, fieldErrors, ...extensions } = error.extensions
  const { nodes, source, positions, path } = error
  const message = withoutQuotes(error.message)
  const room = ERROR_LIMITS.bytes - FRAME_BYTES - Buffer.byteLength(message)
  return new GraphQLError(message, {
    nodes,
    source,
    positions,
    path,
    extensions: {
      requestId: id,
      ...extensions,
      ...(Array.isArray(fieldErrors) && { fieldErrors: fitting(fieldErrors, room) }),
    },
  })
}

const QUOTED = new RegExp(`"(?:[^"\\\\]|\\\\.){${ERROR_LIMITS.quotedLength},}"?`, 'g')

/** Names of the schema that a message proposes, and the value it was sent. */
const SURPLUS = / (?:Did you mean .*?\?|Found: .*)(?= |$)/gs

/** Long quotations are what the sender has anyway. */
function withoutQuotes(message: string): string {
  const text = message.replaceAll(QUOTED, '"…"').replaceAll(SURPLUS, '')
  return text.length > ERROR_LIMITS.messageLength ? `${text.slice(0, ERROR_LIMITS.messageLength)}…` : text
}

/** What an error needs beside its message and its field errors: code, request id, place and path. */
const FRAME_BYTES = 300

/** As many as the answer holds; the others come when these are mended. */
function fitting(fieldErrors: unknown[], room: number): unknown[] {
  let left = room
  return fieldErrors.filter((each) => (left -= Buffer.byteLength(JSON.stringify(each))) > 0)
}
