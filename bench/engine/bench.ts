/**
 * How fast it is: `npm run bench`. Every figure is measured in this run, on this machine, side by side with what it is
 * compared to; CPU time, contestants in turns, medians of nine. Writes bench/results/engine.json.
 *
 *     npm run bench                      all of it, in a few minutes
 *     npm run bench -- --quick           a tenth of the samples and three rounds, to see that it works
 *     npm run bench -- --only server     one part: side-by-side, real, strategies, hard, threads, memory, indicators, scoring, verdict, server
 *     npm run bench -- --readme          writes the table into README.md, too
 */
import { loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { ROUNDS } from './clock.ts'
import { madeData, realData } from './data.ts'
import { indicators } from './indicators.ts'
import { memory } from './memory.ts'
import { writeReadme } from './readme.ts'
import { Report } from './report.ts'
import { scoring } from './scoring.ts'
import { server } from './server.ts'
import { sideBySide, sideBySideReal } from './side-by-side.ts'
import { hardCases, type Sizes, strategies, threads } from './strategies.ts'
import { verdict } from './verdict.ts'

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    readme: { type: 'boolean', default: false },
    only: { type: 'string' },
  },
})
const { quick, readme, only } = values
const rounds = quick ? 3 : ROUNDS
const sizes: Sizes = quick
  ? { large: 100, small: 200, long: 10, rounds }
  : { large: 1000, small: 200, long: 100, rounds }

const report = new Report()
const data = madeData()
const real = realData()
const { cpu, cores, node } = report.machine
console.log(`${cpu}, ${cores} cores, node ${node}, load ${loadavg()[0].toFixed(1)}; ${data.name}`)
if (loadavg()[0] > 1)
  report.note(`The machine was busy (load ${loadavg()[0].toFixed(1)}): believe the ratios, not the times.`)

if (!real) report.note('Real candles are not here: their part is left out.')
if (quick) report.note('Quick: a tenth of the samples, so that what is done once a job weighs ten times as much.')

const parts: Record<string, () => Promise<unknown>> = {
  'side-by-side': () => sideBySide(report, data, sizes.large, rounds),
  real: async () => real && sideBySideReal(report, real, sizes.large, rounds),
  strategies: () => strategies(report, data, sizes),
  hard: () => hardCases(report, data, sizes),
  threads: () => threads(report, data, sizes),
  memory: () => memory(report, data),
  indicators: () => indicators(report, data),
  scoring: () => scoring(report, rounds),
  verdict: () => verdict(report, sizes.large),
  server: () => server(report, { rounds: quick ? 1 : rounds, requests: quick ? 5 : 60 }),
}
if (only && !(only in parts)) throw new Error(`There is no part ${only}: ${Object.keys(parts).join(', ')}.`)
if (readme && (only || quick)) throw new Error('Only a whole run goes into the README: leave out --only and --quick.')
const failed: string[] = []
for (const [name, run] of Object.entries(parts)) {
  if (only && only !== name) continue
  try {
    await run()
  } catch (error) {
    failed.push(name)
    console.error(error)
    report.note(`${name} failed: ${String(error)}`)
  }
}

report.printGoals()
report.write(only ? `engine-${only}.json` : 'engine.json')
if (readme && failed.length === 0) writeReadme(report, data.name)
process.exitCode = failed.length > 0 ? 1 : 0
