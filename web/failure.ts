import type { CombinedError } from 'urql'

/** An offending field of an input, as the API names it. */
export interface FieldError {
  path: string[]
  message: string
  /** In an expression: the first character that is wrong, from 1. */
  column?: number | null
}

/** Why something did not work, and what to do. */
export interface Failure {
  message: string
  fieldErrors: FieldError[]
}

const NO_ANSWER = 'The server does not answer. See that it runs ("npm start"), then try again.'

/** A failed request in words. */
export function failureOf(error: CombinedError): Failure {
  if (error.networkError) return { message: NO_ANSWER, fieldErrors: [] }
  const fieldErrors = error.graphQLErrors.flatMap(({ extensions }) => (extensions.fieldErrors ?? []) as FieldError[])
  return { message: error.graphQLErrors.map(wordsOf).join(' '), fieldErrors }
}

function wordsOf({ message, extensions }: CombinedError['graphQLErrors'][number]): string {
  if (extensions.code !== 'INTERNAL') return message
  return `${message} This is a fault of the server; its log tells more under request ${String(extensions.requestId)}.`
}

/** A member of a result union: the success, or an error with its words. */
type Result = { __typename: string; message?: string; fieldErrors?: FieldError[] }

/** Why a mutation did not work; null where it did. */
export function refusalOf(answer: { error?: CombinedError | undefined }, result: Result | undefined): Failure | null {
  if (answer.error) return failureOf(answer.error)
  if (!result || result.message === undefined) return null
  return { message: result.message, fieldErrors: result.fieldErrors ?? [] }
}
