import type { Config } from '../config.ts'
import { CliFailure, ConnectionLost } from './failure.ts'
import { piecesOf, readEvents } from './event-stream.ts'
import { openTransport, reason, type Connecting, type Transport } from './transport.ts'

export type { Connecting }

type Variables = Record<string, unknown>

interface Answer<T> {
  data?: T | null
  errors?: { message: string; extensions?: { code?: string; requestId?: string } }[]
}

/** A GraphQL client of the command line; it does not care whether the API is in this process or elsewhere. */
export class Client {
  readonly transport: Transport

  constructor(transport: Transport) {
    this.transport = transport
  }

  static async open(config: Config, options: Connecting = {}): Promise<Client> {
    return new Client(await openTransport(config, options))
  }

  /** @throws CliFailure with the messages of the API, or why it was not reached */
  async query<T>(query: string, variables: Variables = {}): Promise<T> {
    const response = await this.#post(query, variables, 'application/json')
    const text = await response.text()
    return dataOf(parse<T>(text, this.transport.endpoint, response.status))
  }

  /**
   * Run a mutation whose result is a union of its success and of errors.
   *
   * @param query must call the result `result` and select ERROR_FIELDS of it
   * @throws CliFailure with the error's message, which names every offending field
   */
  async mutate<T>(query: string, variables: Variables): Promise<T> {
    const { result } = await this.query<{ result: T & { kind: string; message: string } }>(query, variables)
    if (result.kind.endsWith('Error')) throw new CliFailure(result.message)
    return result
  }

  /** The values of a subscription until it completes or is aborted. @throws CliFailure where it breaks off before */
  async *subscribe<T>(query: string, variables: Variables, signal?: AbortSignal): AsyncGenerator<T> {
    const response = await this.#post(query, variables, 'text/event-stream', signal)
    if (!response.body || !response.headers.get('content-type')?.startsWith('text/event-stream')) {
      dataOf(parse<T>(await response.text(), this.transport.endpoint, response.status)) // says why there are no events
      throw new CliFailure(`${this.transport.endpoint} sends no events.`)
    }
    try {
      for await (const { event, data } of readEvents(piecesOf(response.body, signal))) {
        if (event === 'complete') return
        if (event === 'next') yield dataOf(JSON.parse(data) as Answer<T>)
      }
    } catch (error) {
      if (error instanceof CliFailure || signal?.aborted) throw error
      throw new ConnectionLost(`The connection to ${this.transport.endpoint} broke off (${reason(error)}).`)
    }
    if (!signal?.aborted) throw new ConnectionLost(`The connection to ${this.transport.endpoint} broke off.`)
  }

  close(): Promise<void> {
    return this.transport.close()
  }

  #post(query: string, variables: Variables, accept: string, signal?: AbortSignal): Promise<Response> {
    return this.transport.fetch(this.transport.endpoint, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept, ...this.transport.headers },
      body: JSON.stringify({ query, variables }),
      ...(signal && { signal }),
    })
  }
}

/** Selects what `mutate` needs to tell an error. */
export const ERROR_FIELDS = 'kind: __typename ... on Error { message }'

function dataOf<T>({ data, errors }: Answer<T>): T {
  if (errors?.some(({ extensions }) => extensions?.code === 'UNAUTHENTICATED')) throw new CliFailure(NOT_SIGNED_IN)
  if (errors?.length) {
    const texts = errors.map(({ message, extensions }) =>
      extensions?.requestId ? `${message} The server's log has it under ${extensions.requestId}.` : message,
    )
    throw new CliFailure([...new Set(texts)].join('\n'))
  }
  if (data === undefined || data === null) throw new CliFailure('The answer is empty.')
  return data
}

const NOT_SIGNED_IN =
  'The server does not let us in: give a token that is valid by --token or TUNEBOOK_TOKEN ("npx tunebook token create" on its machine makes one).'

function parse<T>(text: string, endpoint: string, status: number): Answer<T> {
  try {
    return JSON.parse(text) as Answer<T>
  } catch {
    throw new CliFailure(`${endpoint} answers (HTTP ${status}), but not as a Tunebook server does. Check the address.`)
  }
}
