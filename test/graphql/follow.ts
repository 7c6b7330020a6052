import { parse, type ExecutionResult } from 'graphql'
import type { AppContext } from '../../src/context.ts'
import { createApi } from '../../src/server/api.ts'

/** Follow a subscription as the WebSocket does: the states as they come, and a way to give up. */
export async function follow(
  ctx: AppContext,
  query: string,
  variableValues: Record<string, unknown> = {},
): Promise<AsyncIterableIterator<ExecutionResult> | ExecutionResult> {
  const { schema, contextFactory, subscribe } = createApi(ctx).getEnveloped({
    params: { query, variables: variableValues },
  })
  const contextValue = await contextFactory()
  return (await subscribe({ schema, document: parse(query), contextValue, variableValues })) as
    | AsyncIterableIterator<ExecutionResult>
    | ExecutionResult
}
