import { GraphQLError, parse, type DocumentNode } from 'graphql'
import { LIMITS } from './limits.ts'

const KEPT = 100

/**
 * Documents as they are read, the hundred that were asked last kept: a dashboard asks the same questions again and
 * again. What is too long or too deep for the parser is refused by a scan that costs microseconds.
 */
export class Documents {
  readonly #parsed = new Map<string, DocumentNode>()

  /** @throws GraphQLError QUERY_TOO_COMPLEX, or a syntax error */
  read(text: string): DocumentNode {
    const document = this.#parsed.get(text) ?? read(text)
    this.#parsed.delete(text)
    if (this.#parsed.size >= KEPT) this.#parsed.delete(this.#parsed.keys().next().value!)
    this.#parsed.set(text, document)
    return document
  }
}

function read(text: string): DocumentNode {
  refuseLength(text)
  refuseBrackets(text)
  return parsed(text)
}

export function refusedQuery(message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code: 'QUERY_TOO_COMPLEX', http: { status: 400 } } })
}

/** Syntax errors are the client's: GraphQL over HTTP wants 400 for them, but 200 of old clients. */
function parsed(text: string): DocumentNode {
  try {
    return parse(text, { maxTokens: LIMITS.tokens })
  } catch (error) {
    if (error instanceof GraphQLError && /more than \d+ tokens/.test(error.message)) {
      throw refusedQuery(`A document has at most ${LIMITS.tokens} words and signs. Ask in parts.`)
    }
    if (error instanceof GraphQLError) error.extensions.http = { spec: true, status: 400 }
    throw error
  }
}

function refuseLength(text: string): void {
  if (text.length <= LIMITS.documentBytes && Buffer.byteLength(text) <= LIMITS.documentBytes) return
  throw refusedQuery(
    `A document holds at most ${LIMITS.documentBytes / 1024} kB. Send values as variables, and ask for less at once.`,
  )
}

/** Counts brackets in strings and comments too, where they are few and stand in pairs. */
function refuseBrackets(text: string): void {
  let depth = 0
  for (let at = 0; at < text.length; at++) {
    const sign = text.charCodeAt(at)
    if (OPENING.has(sign)) depth++
    else if (CLOSING.has(sign)) depth--
    if (depth <= LIMITS.brackets) continue
    throw refusedQuery(`Brackets stand more than ${LIMITS.brackets} deep. Send deep values as variables.`)
  }
}

const codes = (...signs: string[]): Set<number> => new Set(signs.map((sign) => sign.charCodeAt(0)))
const OPENING = codes('(', '[', '{')
const CLOSING = codes(')', ']', '}')
