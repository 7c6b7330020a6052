import type { AppContext } from '../../src/context.ts'
import { createApi } from '../../src/server/api.ts'

export interface GraphQLFailure {
  message: string
  path?: (string | number)[]
  extensions: { code: string; fieldErrors?: { path: string[]; message: string }[] }
}

export interface Answer {
  // oxlint-disable-next-line typescript/no-explicit-any -- answers are compared as they are
  data: any
  errors?: GraphQLFailure[]
}

export type Ask = (query: string, variables?: object) => Promise<Answer>

/** How to put a question to the API, without a socket. */
export function asker(ctx: AppContext): Ask {
  const api = createApi(ctx)
  return async (query, variables = {}) => {
    const body = JSON.stringify({ query, variables })
    const headers = { 'content-type': 'application/json' }
    const response = await api.fetch('http://localhost/graphql', { method: 'POST', headers, body })
    return (await response.json()) as Answer
  }
}

/** Ask, and insist on an answer without errors. */
export async function answered(answer: Promise<Answer>): Promise<Answer['data']> {
  const { data, errors } = await answer
  if (errors) throw new Error(JSON.stringify(errors))
  return data
}
