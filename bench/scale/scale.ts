/**
 * One, two and four worker processes on one PostgreSQL: blocks of samples a second, what a block costs worker and
 * database, and what a model of these costs says of more machines than there are here.
 *
 * npm run bench:scale [-- --docs]   --docs writes the tables into docs/scale.md
 */
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { openQuiet } from '../../drill/app.ts'
import { Cluster } from '../../drill/cluster.ts'
import { writeBetween } from '../markers.ts'
import { Report, round } from '../engine/report.ts'
import { crowding } from './crowding.ts'
import { BARS, Fleet, timeTheLog } from './measure.ts'
import { fitCosts, type Idle, predict, type Run } from './model.ts'
import { scaleTables } from './tables.ts'

/** Samples of a block, and blocks of a run: some seconds each. */
const SIZES: [samples: number, blocks: number][] = [
  [100, 800],
  [1000, 100],
]
const WORKERS = [1, 2, 4]

const { values } = parseArgs({ options: { docs: { type: 'boolean', default: false } } })
const report = new Report()
const cores = availableParallelism()
const cluster = await Cluster.create({ walMb: 512 })
const app = await openQuiet({ DATABASE_URL: cluster.url, TUNEBOOK_THREADS: '1' })
const runs: Run[] = []
let idle: Idle | undefined
let slower = 1
try {
  slower = await crowding(cores)
  await timeTheLog(app.ctx)
  for (const [samples, blocks] of SIZES) {
    const fleet = new Fleet(app.ctx, cluster, samples)
    try {
      for (const workers of WORKERS) {
        await fleet.grow(workers)
        await fleet.run(Math.ceil(blocks / 4), 10 * workers) // until their code is compiled
        const run = await fleet.run(blocks, workers)
        runs.push(run)
        console.error(`${workers} workers, blocks of ${samples}: ${round(run.blocksPerSecond)} a second`, run.cost)
      }
      idle ??= await fleet.idle()
    } finally {
      await fleet.end()
    }
  }
} finally {
  await app.close()
  cluster.remove()
}

const alone = runs.filter(({ workers }) => workers === 1)
const costs = fitCosts(alone)
const lines = runs.map((run) => {
  const { cost } = alone.find(({ samples }) => samples === run.samples)!
  const predicted = predict(cost, run.workers, { cores, background: run.background, crowding: slower })
  return { run, predicted, error: predicted / run.blocksPerSecond - 1 }
})
const worst = Math.max(...lines.map(({ error }) => Math.abs(error)))
report.table(
  `blocks of samples over ${BARS.toLocaleString('en-US')} bars, workers of one thread`,
  lines.map(({ run, predicted, error }) => ({
    workers: run.workers,
    'samples a block': run.samples,
    'blocks/s': round(run.blocksPerSecond),
    predicted: round(predicted),
    'error %': round(100 * error, 2),
    'worker CPU ms': round(run.cost.worker),
    'database CPU ms': round(run.cost.database),
    'log ms': round(run.cost.log),
    'cycle ms': round(run.cost.cycle),
    'others, cores': round(run.background),
    'log kB': round(run.walBytes / 1000),
    commits: round(run.commits),
  })),
)
report.goal('the model against what was measured, worst', 100 * worst, '≤', 20, '%')
const text = scaleTables({ lines, costs, idle: idle!, shared: { cores, crowding: slower }, machine: report.machine })
console.log(`\n${text}`)
report.printGoals()
report.write('scale.json')
if (values.docs) writeBetween(new URL('../../docs/scale.md', import.meta.url), 'scale', text)
