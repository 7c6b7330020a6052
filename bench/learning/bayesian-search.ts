import { mean } from '../../src/engine/statistics.ts'
import { searchByHypercube, searchByProposals } from '../../test/models/search-by-proposals.ts'
import { TEST_FUNCTIONS } from '../../test/models/test-functions.ts'

/** Searching by expected improvement beside a Latin hypercube with the same number of samples. */
export interface SearchResult {
  name: string
  samples: number
  /** best possible, and the mean over the seeds of the best found */
  best: number
  hypercube: number
  proposals: number
  wins: number
  seeds: number
}

const SEEDS = 10
/** Samples, and how many of them are chosen at once. */
const WAYS = [
  { samples: 60, batch: 8 },
  { samples: 200, batch: 16 },
]

export function* bayesianSearches(): Generator<SearchResult> {
  const seeds = Array.from({ length: SEEDS }, (_, at) => at + 1)
  for (const f of TEST_FUNCTIONS) {
    for (const { samples, batch } of WAYS) {
      const proposed = seeds.map((seed) => searchByProposals(f, samples, batch, seed))
      const plain = seeds.map((seed) => searchByHypercube(f, samples, seed))
      yield {
        name: f.name,
        samples,
        best: f.best,
        hypercube: mean(plain),
        proposals: mean(proposed),
        wins: proposed.filter((value, at) => value > plain[at]).length,
        seeds: seeds.length,
      }
    }
  }
}
