import { GraphQLError, Kind, type DocumentNode, type OperationDefinitionNode, type SelectionSetNode } from 'graphql'
import type { Viewer } from '../viewer.ts'

/** How much of something heavy a viewer may ask for: so many at once, and so many more each minute. */
export interface Rate {
  burst: number
  perMinute: number
}

const BACKTESTS: Rate = { burst: 120, perMinute: 120 }
const SEARCHES: Rate = { burst: 20, perMinute: 20 }
const CANDLES: Rate = { burst: 60, perMinute: 60 }

/** Root fields that compute or store much, and what each viewer may ask of them. */
export const RATES: Readonly<Record<string, Rate>> = {
  backtest: BACKTESTS,
  scoreCandidates: BACKTESTS,
  findOptimal: SEARCHES,
  importCandles: CANDLES,
  downloadCandles: SEARCHES,
}

interface Bucket {
  left: number
  /** ms since epoch */
  at: number
}

/** Viewers of whom we remember how much they have used; those who have waited longest are forgotten first. */
const REMEMBERED = 10_000

/** A bucket for each viewer and root field, which fills up again with time. */
export class Rates {
  readonly #buckets = new Map<string, Bucket>()
  readonly #rates: Readonly<Record<string, Rate>>
  readonly #clock: () => number

  constructor(rates: Readonly<Record<string, Rate>> = RATES, clock: () => number = Date.now) {
    this.#rates = rates
    this.#clock = clock
  }

  /**
   * Take what an operation asks for out of the viewer's buckets. The command line in this process is its own master.
   *
   * @returns RATE_LIMITED with the time to wait; null where there is enough
   */
  spend(viewer: Viewer, document: DocumentNode, operation: OperationDefinitionNode): GraphQLError | null {
    if (viewer.channel === 'CLI' && viewer.tokenId === undefined) return null
    for (const name of rootFields(document, operation.selectionSet)) {
      const rate = this.#rates[name]
      const waitMs = rate ? this.#take(`${viewer.tokenId ?? viewer.name} ${name}`, rate) : 0
      if (waitMs > 0) return rateLimited(name, waitMs)
    }
    return null
  }

  /** @returns ms to wait; 0 where one was taken */
  #take(key: string, { burst, perMinute }: Rate): number {
    const now = this.#clock()
    const { left, at } = this.#buckets.get(key) ?? { left: burst, at: now }
    const filled = Math.min(burst, left + ((now - at) * perMinute) / 60_000)
    this.#buckets.delete(key)
    if (this.#buckets.size >= REMEMBERED) this.#buckets.delete(this.#buckets.keys().next().value!)
    this.#buckets.set(key, { left: filled < 1 ? filled : filled - 1, at: now })
    return filled < 1 ? Math.ceil(((1 - filled) * 60_000) / perMinute) : 0
  }
}

function rateLimited(name: string, retryAfterMs: number): GraphQLError {
  const retryAfter = Math.ceil(retryAfterMs / 1000)
  return new GraphQLError(`"${name}" was asked for too often. Try again in ${retryAfter} s.`, {
    extensions: {
      code: 'RATE_LIMITED',
      retryAfter,
      retryAfterMs,
      http: { status: 429, headers: { 'retry-after': String(retryAfter) } },
    },
  })
}

/** Names of the fields on the first level, fragments in place of their names; the document has been validated. */
function rootFields(document: DocumentNode, { selections }: SelectionSetNode): string[] {
  return selections.flatMap((node) => {
    if (node.kind === Kind.FIELD) return [node.name.value]
    if (node.kind === Kind.INLINE_FRAGMENT) return rootFields(document, node.selectionSet)
    const fragment = document.definitions.find(
      (definition) => definition.kind === Kind.FRAGMENT_DEFINITION && definition.name.value === node.name.value,
    )
    return fragment?.kind === Kind.FRAGMENT_DEFINITION ? rootFields(document, fragment.selectionSet) : []
  })
}
