import {
  createSourceEventStream,
  executeSubscriptionEvent,
  validateSubscriptionArgs,
  type DocumentNode,
  type ExecutionArgs,
  type ExecutionResult,
  type GraphQLError,
} from 'graphql'
import type { Plugin } from 'graphql-yoga'
import type { AppContext } from '../context.ts'
import { rightsOf } from '../viewer.ts'
import { mapped } from './mapped.ts'

/** A result, and the JSON that Yoga and our WebSocket send of it: written once, however many get it. */
export interface SharedResult extends ExecutionResult {
  stringify: () => string
}

/**
 * A state that many follow is executed once for all whose document, variables and rights are equal, and written as JSON
 * once. A thousand readers of one job cost one execution and a thousand sends.
 *
 * Exact by construction: the execution is given a viewer made of the rights that are part of the key, and of nothing
 * else, so no answer can depend on who was first. Shared is what belongs to the same object, as `EventHub.read` gives it
 * to all who hear of one event; with it goes what was made of it.
 */
export function sharedResults(ctx: AppContext): Plugin {
  const results = new WeakMap<object, Map<string, Promise<SharedResult>>>()
  const numbers = new Numbers()
  const subscribe = async (args: ExecutionArgs): Promise<AsyncIterableIterator<ExecutionResult> | ExecutionResult> => {
    const valid = validateSubscriptionArgs({ ...args, hideSuggestions: true })
    if (!('schema' in valid)) return { errors: valid.map(asBadRequest) }
    const states = await createSourceEventStream(valid)
    if (!(Symbol.asyncIterator in states)) return states
    const { document, operationName, variableValues } = args
    const rights = rightsOf((args.contextValue as AppContext).viewer)
    const key = JSON.stringify([numbers.of(document), operationName ?? null, variableValues ?? null, rights])
    const contextValue = { ...ctx, viewer: rights } // answers about rights are kept in it
    return mapped(states as AsyncIterable<object>, (state) => {
      const known = results.get(state) ?? new Map<string, Promise<SharedResult>>()
      results.set(state, known)
      let result = known.get(key)
      if (!result) {
        const executed = executeSubscriptionEvent({ ...valid, contextValue, rootValue: state })
        known.set(key, (result = Promise.resolve(executed).then(writtenOnce)))
      }
      return result
    })
  }
  return { onSubscribe: ({ setSubscribeFn }) => setSubscribeFn(subscribe as never) }
}

/** Variables that do not fit: the client's fault, by HTTP too. */
function asBadRequest(error: GraphQLError): GraphQLError {
  error.extensions.http = { status: 400 }
  return error
}

/** Documents are kept while they are in use, and so is the number of each. */
class Numbers {
  readonly #numbers = new WeakMap<DocumentNode, number>()
  #last = 0

  of(document: DocumentNode): number {
    const number = this.#numbers.get(document) ?? ++this.#last
    this.#numbers.set(document, number)
    return number
  }
}

/** The text is made when the first one asks for it. */
function writtenOnce(result: ExecutionResult): SharedResult {
  let text: string | undefined
  const stringify = (): string => (text ??= JSON.stringify(result))
  return Object.defineProperty(result, 'stringify', { value: stringify }) as SharedResult
}
