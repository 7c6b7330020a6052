import type { IncomingMessage, ServerResponse } from 'node:http'
import { GraphQLError, visit, type DocumentNode } from 'graphql'
import type { Plugin } from 'graphql-yoga'
import { allows, type Channel, type Viewer } from '../viewer.ts'
import type { HeaderOf } from './guard.ts'

/** What a request brings along: its connection, and who sent it once that is known. */
export interface RequestContext {
  req?: IncomingMessage
  res?: ServerResponse
  viewer?: Viewer
}

export function addressOf(request: IncomingMessage | undefined): string {
  return request?.socket.remoteAddress ?? 'unknown'
}

/** By which door somebody comes, as far as the client says so; it is written down, and decides nothing. */
export function channelOf(header: HeaderOf): Channel {
  if (header('sec-fetch-site') || header('origin')) return 'DASHBOARD'
  return header('user-agent')?.startsWith('tunebook/') ? 'CLI' : 'API'
}

/** The schema is for people and their tools; a bot has no business with it. Holds for every transport. */
export function introspectionForPeople(): Plugin<object, RequestContext> {
  return {
    onValidate({ context, params }) {
      const { viewer } = context as RequestContext
      if (!viewer || allows(viewer, 'VIEWER')) return undefined
      return ({ setResult }) => {
        if (asksForSchema(params.documentAST as DocumentNode)) setResult([NOT_FOR_BOTS])
      }
    },
  }
}

const NOT_FOR_BOTS = new GraphQLError('Introspection needs the role VIEWER. The schema is in schema.graphql.', {
  extensions: { code: 'FORBIDDEN' },
})

function asksForSchema(document: DocumentNode): boolean {
  let found = false
  visit(document, { Field: ({ name }) => void (found ||= name.value === '__schema' || name.value === '__type') })
  return found
}
