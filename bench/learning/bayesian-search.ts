/**
 * Searching by expected improvement beside a Latin hypercube with the same budget: mean of the best value found, over
 * the seeds, and in brackets the worst.
 *
 *     node bench/learning/bayesian-search.ts [seeds]
 */
import { mean, quantile } from '../../src/engine/statistics.ts'
import { searchByHypercube, searchByProposals } from '../../test/models/search-by-proposals.ts'
import { TEST_FUNCTIONS } from '../../test/models/test-functions.ts'

const seeds = Array.from({ length: Number(process.argv[2] ?? 10) }, (_, at) => at + 1)
const WAYS = [
  { budget: 30, batch: 1 },
  { budget: 60, batch: 1 },
  { budget: 60, batch: 4 },
  { budget: 60, batch: 16 },
  { budget: 200, batch: 16 },
]

console.log('function, best possible | samples | batch | hypercube | proposals | wins | CPU ms a search')
for (const f of TEST_FUNCTIONS) {
  for (const { budget, batch } of WAYS) {
    const start = process.cpuUsage()
    const proposed = seeds.map((seed) => searchByProposals(f, budget, batch, seed))
    const { user, system } = process.cpuUsage(start)
    const plain = seeds.map((seed) => searchByHypercube(f, budget, seed))
    const wins = proposed.filter((value, at) => value > plain[at]).length
    const text = (values: number[]): string => `${mean(values).toFixed(3)} (${quantile(values, 0).toFixed(3)})`
    const cpuMs = ((user + system) / 1000 / seeds.length).toFixed(0)
    console.log(
      `${f.name}, ${f.best} | ${budget} | ${batch} | ${text(plain)} | ${text(proposed)} | ${wins} of ${seeds.length} | ${cpuMs}`,
    )
  }
}
