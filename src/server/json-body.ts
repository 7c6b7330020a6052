import { GraphQLError } from 'graphql'
import type { GraphQLParams, Plugin } from 'graphql-yoga'
import { refusedQuery } from './document.ts'

/** Brackets inside each other anywhere in a body, strings included: a document has 40 of them, and variables 32. */
const DEEPEST = 1000

/**
 * Reads JSON bodies. What nests deeper than any question does is refused by a scan: to parse it would hold up everybody
 * else. Nothing of what cannot be read is repeated.
 */
export const jsonBodies: Plugin = {
  onRequestParse({ request, requestParser, setRequestParser }) {
    if (requestParser && request.method === 'POST') setRequestParser(readJson)
  },
}

async function readJson(request: Request): Promise<GraphQLParams> {
  const text = await request.text()
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
