/**
 * Random jobs for as long as asked, the fast kernel against the plain one: `npm run fuzz -- --seconds 30 --seed 1`.
 * A difference ends it with the seed that shows it.
 */
import { parseArgs } from 'node:util'
import { difference, randomJob } from './random-job.ts'
import { Twins } from './twins.ts'

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '30' }, seed: { type: 'string' } } })
const first = values.seed ? Number(values.seed) : Date.now() % 1_000_000_000
const end = performance.now() + 1000 * Number(values.seconds)
process.stdout.write(`fuzz: seed ${first}, ${values.seconds} s\n`)

let seed = first
let trades = 0
for (; performance.now() < end; seed++) {
  const job = randomJob(seed)
  const twins = await Twins.of(job)
  const plain = twins.plain()
  const chunk = 1 + (seed % job.batch.count)
  const found = difference(job, plain, twins.fast({ tile: job.tile, chunk }))
  for (let sample = 0; sample < job.batch.count; sample++) trades += plain[sample * 26 + 8]
  if (!found) continue
  process.stderr.write(`seed ${seed}, ${chunk} samples at a time: ${found}\n`)
  process.exit(1)
}
process.stdout.write(`${seed - first} jobs, ${trades} trades: not a bit differs\n`)
