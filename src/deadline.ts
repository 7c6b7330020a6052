import { UnavailableError } from './errors.ts'
import { operationSignal } from './operation.ts'
import type { Sql, TransactionSql } from './postgres.ts'
import { Repeated } from './repeated.ts'

/**
 * The same client, but no statement is waited for longer than `ms`, inside transactions too. The server's own
 * statement_timeout does not help where the server is not heard any more: a half-open connection stays silent for ever.
 * A statement that is given up, here or with the operation that it is part of, is also cancelled at the server, if it
 * listens. One that comes again and again is prepared.
 */
export function withDeadline<Client extends Sql | TransactionSql>(
  client: Client,
  ms: number,
  repeated = new Repeated(),
): Client {
  return new Proxy(client, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name)
      if (name === 'unsafe') {
        return (...[text, values = [], options]: Parameters<Sql['unsafe']>) =>
          limited(target.unsafe(text, values, { ...options, prepare: repeated.has(text) }), ms)
      }
      if (name !== 'begin' && name !== 'savepoint') return value
      return (...args: unknown[]) => {
        const work = args.pop() as (tx: TransactionSql) => unknown
        const deadline = new Deadline(ms)
        const inside = async (tx: TransactionSql) => {
          deadline.meet() // or whoever was told that it has failed would see it done
          try {
            return await work(withDeadline(tx, ms, repeated))
          } finally {
            deadline.start()
          }
        }
        const transaction = (value as (...args: unknown[]) => Promise<unknown>).call(target, ...args, inside)
        return Promise.race([transaction, deadline.passed]).finally(() => deadline.stop())
      }
    },
  })
}

/** For what the driver says by itself, before and after the work of a transaction. */
class Deadline {
  readonly #ms: number
  readonly #passed = Promise.withResolvers<never>()
  #timer: NodeJS.Timeout | undefined
  #hasPassed = false

  constructor(ms: number) {
    this.#ms = ms
    this.start()
  }

  /** Rejects when the time has passed. */
  get passed(): Promise<never> {
    return this.#passed.promise
  }

  start(): void {
    this.#timer = setTimeout(() => {
      this.#hasPassed = true
      this.#passed.reject(notAnswered(this.#ms))
    }, this.#ms)
  }

  /** @throws UnavailableError too late */
  meet(): void {
    if (this.#hasPassed) throw notAnswered(this.#ms)
    this.stop()
  }

  stop(): void {
    clearTimeout(this.#timer)
  }
}

function notAnswered(ms: number): UnavailableError {
  return new UnavailableError(`The database has not answered for ${ms / 1000} s. Try again later.`)
}

/** What we need of a pending query. */
type Query = PromiseLike<unknown> & { cancel(): void }

/** A query starts when it is first waited for, and so does its deadline. */
function limited(query: Query, ms: number): Query {
  const then = query.then.bind(query)
  // oxlint-disable-next-line unicorn/no-thenable -- it is one already; this is how it is started
  query.then = ((onResult, onError) => {
    const signal = operationSignal()
    const answer = new Promise((resolve, reject) => {
      signal?.throwIfAborted()
      const timer = setTimeout(() => {
        reject(notAnswered(ms))
        query.cancel()
      }, ms)
      const giveUp = (): void => {
        reject(signal!.reason)
        query.cancel()
      }
      signal?.addEventListener('abort', giveUp, { once: true })
      const settle = <T>(pass: (value: T) => void) => {
        return (value: T) => {
          clearTimeout(timer)
          signal?.removeEventListener('abort', giveUp)
          pass(value)
        }
      }
      void then(settle(resolve), settle(reject))
    })
    return answer.then(onResult, onError)
  }) as Query['then']
  return query
}
