import type { IncomingMessage } from 'node:http'
import { GraphQLError } from 'graphql'
import type { GraphQLParams, Plugin } from 'graphql-yoga'
import { refusedQuery } from './document.ts'
import { BODY_TOO_LARGE } from './guard.ts'
import { LIMITS } from './limits.ts'
import type { RequestContext } from './sign-in.ts'

/** Brackets inside each other anywhere in a body, strings included: a document has 40 of them, and variables 32. */
const DEEPEST = 1000

/**
 * Reads JSON bodies. What nests deeper than any question does is refused by a scan: to parse it would hold up everybody
 * else. Nothing of what cannot be read is repeated.
 */
export const jsonBodies: Plugin<object, RequestContext> = {
  onRequestParse({ request, requestParser, setRequestParser, serverContext: { req } }) {
    if (!requestParser || request.method !== 'POST') return
    setRequestParser(async () => readJson(await (req ? receive(req) : request.text())))
  },
}

/** Straight from the socket: the streams of fetch cost more than all the rest of a small answer. Decoded as they do. */
function receive(request: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let bytes = 0
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes <= LIMITS.bodyBytes) chunks.push(chunk)
      else reject(tooLarge())
    })
    request.once('end', () => resolve(new TextDecoder().decode(Buffer.concat(chunks))))
    request.once('error', reject)
  })
}

function readJson(text: string): GraphQLParams {
  if (Buffer.byteLength(text) > LIMITS.bodyBytes) throw tooLarge()
  if (nestsDeep(text)) throw refusedQuery(`The body nests more than ${DEEPEST} deep. Send flat lists.`)
  const body = parse(text)
  if (typeof body === 'object' && body !== null) return body
  throw unreadable()
}

function nestsDeep(text: string): boolean {
  let depth = 0
  for (let at = 0; at < text.length; at++) {
    const sign = text.charCodeAt(at)
    if (sign === 0x5b || sign === 0x7b) depth++
    else if (sign === 0x5d || sign === 0x7d) depth--
    if (depth > DEEPEST) return true
  }
  return false
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw unreadable()
  }
}

function unreadable(): GraphQLError {
  const message = 'The body is not a JSON object. Send {"query": "…", "variables": {…}}.'
  return new GraphQLError(message, { extensions: { code: 'BAD_USER_INPUT', http: { status: 400 } } })
}

function tooLarge(): GraphQLError {
  const { message, code, status } = BODY_TOO_LARGE
  return new GraphQLError(message, { extensions: { code, http: { status } } })
}
