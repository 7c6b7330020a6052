import {
  GraphQLError,
  specifiedRules,
  validate,
  type DocumentNode,
  type GraphQLSchema,
  type OperationDefinitionNode,
} from 'graphql'
import type { Plugin } from 'graphql-yoga'
import type { AppContext } from '../context.ts'
import { DomainError } from '../errors.ts'
import { inOperation } from '../operation.ts'
import { refuseComplex, refuseDeepVariables } from './complexity.ts'
import { Documents } from './document.ts'
import { ERROR_LIMITS, LIMITS } from './limits.ts'
import { Rates } from './rates.ts'

/** What Yoga knows of a request before anything is executed, by HTTP and by WebSocket alike. */
interface Asked {
  params?: { variables?: Record<string, unknown> | null }
  request?: Request
}

/** The outcome of an operation, or a stream of them. */
type Run = (args: never) => unknown

/**
 * What every document passes, whatever transport brought it: it is read, weighed, validated with few words, and
 * executed within a deadline.
 *
 * @param operationMs how long an operation may take
 */
export function admission(operationMs: number = LIMITS.operationMs, rates: Rates = new Rates()): Plugin {
  const documents = new Documents()
  const found = new WeakMap<DocumentNode, readonly GraphQLError[]>()
  /** weighed, and found light whatever their variables are */
  const light = new WeakSet<DocumentNode>()
  let served: GraphQLSchema
  const check = (schema: GraphQLSchema, document: DocumentNode): readonly GraphQLError[] => {
    const known = found.get(document)
    if (known) return known
    const errors = validate(schema, document, specifiedRules, {
      maxErrors: ERROR_LIMITS.errors - 1,
      hideSuggestions: true,
    })
    found.set(document, errors)
    return errors
  }
  return {
    onSchemaChange: ({ schema }) => void (served = schema as GraphQLSchema),
    onParse({ context, params, setParsedDocument }) {
      const variables = (context as Asked).params?.variables ?? {}
      refuseDeepVariables(variables)
      const document = documents.read(String(params.source))
      if (!light.has(document) && !refuseComplex(served, document, variables)) light.add(document)
      setParsedDocument(document)
    },
    onValidate: ({ setValidationFn }) => setValidationFn(check),
    onExecute({ args, context, executeFn, setExecuteFn, setResultAndStopExecution }) {
      const document = args.document as DocumentNode
      const operation = operationIn(document, args.operationName)
      const refusal = operation && rates.spend((context as unknown as AppContext).viewer, document, operation)
      if (refusal) return setResultAndStopExecution({ errors: [refusal] })
      const reading = operation?.operation === 'query'
      // A reader that went away wants no answer; what changes something is finished.
      const gone = reading ? (context as Asked).request?.signal : undefined
      setExecuteFn(withinTime(executeFn as Run, operationMs, gone) as typeof executeFn)
    },
  }
}

function operationIn(document: DocumentNode, name?: string | null): OperationDefinitionNode | undefined {
  const operations = document.definitions.filter((node) => node.kind === 'OperationDefinition')
  return name ? operations.find((operation) => operation.name?.value === name) : operations[0]
}

/** The same, but its statements and calculations are cancelled at the deadline, and the caller is told so. */
function withinTime(run: Run, ms: number, gone: AbortSignal | undefined): Run {
  return (args) => {
    const deadline = new AbortController()
    const { promise: late, resolve } = Promise.withResolvers<{ errors: GraphQLError[] }>()
    const timer = setTimeout(() => {
      const reason = timedOut(ms)
      deadline.abort(reason)
      resolve({
        errors: [new GraphQLError(reason.message, { extensions: { code: reason.code, http: { status: 504 } } })],
      })
    }, ms)
    const leave = (): void => deadline.abort(new DomainError('CLIENT_GONE', 'The client went away.'))
    gone?.addEventListener('abort', leave, { once: true })
    const signal = deadline.signal
    const work = Promise.resolve(inOperation(signal, () => run(Object.assign(args, { signal, hideSuggestions: true }))))
    work.catch(() => {}) // late failures are the deadline's
    return Promise.race([work, late]).finally(() => {
      clearTimeout(timer)
      gone?.removeEventListener('abort', leave)
    })
  }
}

function timedOut(ms: number): DomainError {
  return new DomainError(
    'TIMEOUT',
    `The answer took longer than ${ms / 1000} s and was given up. Ask for less at once.`,
  )
}
