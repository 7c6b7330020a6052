/**
 * One job, rsi-adx-volume over half a year of minutes, done by this engine and by others in the same run: CPU time of
 * each, in turns. Slow ones do fewer samples. All must make the same trades and the same figures.
 */
import { METRIC_NAMES } from '../../src/backtest/metrics.ts'
import { Twins } from '../../test/engine/twins.ts'
import { assemblyLoop } from './assembly-loop.ts'
import { compileC } from './c-program.ts'
import { median, race, type Contestant } from './clock.ts'
import type { BenchData } from './data.ts'
import { grademark } from './grademark.ts'
import { builtIn, type Job, jobOf } from './jobs.ts'
import { cColumns, naiveInput, PARAMETERS } from './naive-input.ts'
import { NAIVE_FIGURES, naiveBacktest, type NaiveInput } from './naive.ts'
import { type Report, round } from './report.ts'

/** What c/query.c writes for each sample, and how these figures are called here; exposure it leaves out. */
const QUERY_FIGURES = [
  'tradeCount',
  'roi',
  'maxDrawdown',
  'maxDrawdownDurationMs',
  'grossProfit',
  'grossLoss',
  'feesPaid',
  'sharpeRatio',
  'sortinoRatio',
] as const
const QUERY_WIDTH = 10

/** Samples that a slow contestant does. */
const FEW = { plain: 10, javascript: 20, assembly: 20, c: 60 }

interface Way {
  name: string
  samples: number
  contestant: Contestant
}

/** What one sample costs each contestant, CPU ms. */
interface Race {
  job: Job
  input: NaiveInput
  ways: Record<string, Way>
  cost: Record<string, number>
  /** trades of a sample on average: the cost goes with them */
  trades: number
}

/** The case that the goals are about. @param samples of the job */
export async function sideBySide(report: Report, data: BenchData, samples: number, rounds: number): Promise<void> {
  const done = await raceOver(report, data, samples, rounds)
  const { cost, ways, input, job } = done
  const peer = grademark(input, job.rows.subarray(0, PARAMETERS))
  if (peer) {
    cost.grademark = peer.ms
    ways.grademark = { name: `grademark ${peer.version} (npm)`, samples: 1, contestant: { measure: () => peer.ms } }
    if (peer.trades !== peer.expected)
      throw new Error(`grademark makes ${peer.trades} trades, its rules ${peer.expected}.`)
    report.note(
      `grademark: ${peer.trades} trades, as a loop with its rules makes; no fees and no figures are in its time.`,
    )
  } else report.note('grademark could not be installed here (no npm registry): left out.')
  report.note('vectorbt is not an npm package and was not measured here; engine.md, from which the goals come, did.')
  report.note(`${Math.round(done.trades)} trades a sample on average; the goals were set at about 670.`)
  tabulate(report, 'side by side: 1,000 × 259,200, one core', done)
  report.goal('1,000 × 259,200, all metrics, one core', cost.engine * 1000, '≤', 40, 'ms')
  report.goal('against the naive AssemblyScript loop', cost.assembly / cost.engine, '≥', 50, '×')
  report.goal('against the naive C loop', (cost.c ?? NaN) / cost.engine, '≥', 12, '×')
  report.goal('against the same algorithm in C', cost.engine / (cost.query ?? NaN), '≤', 1.3, '×')
}

/** The same strategy on real candles, where it trades more often: nothing was promised for these. */
export async function sideBySideReal(report: Report, data: BenchData, samples: number, rounds: number): Promise<void> {
  const done = await raceOver(report, data, samples, rounds)
  report.note(`${data.name}: ${Math.round(done.trades)} trades a sample on average.`)
  tabulate(report, REAL_TABLE, done)
}

export const REAL_TABLE = 'the same on real candles'

function tabulate(report: Report, name: string, { job, ways, cost, trades }: Race): void {
  report.table(
    name,
    Object.entries(ways).map(([key, way]) => ({
      way: way.name,
      'ms for 1,000 samples': round(cost[key] * 1000),
      'ns per bar × sample': round((cost[key] * 1e6) / job.candles.openTime.length),
      'ns per trade': round((cost[key] * 1e6) / trades),
      'times this engine': round(cost[key] / cost.engine),
      'samples timed': way.samples,
    })),
  )
}

async function raceOver(report: Report, data: BenchData, samples: number, rounds: number): Promise<Race> {
  const job = jobOf(builtIn('rsi-adx-volume'), data.candles, samples)
  const twins = await Twins.of(job)
  const plain = await Twins.of(jobOf(builtIn('rsi-adx-volume'), data.candles, FEW.plain))
  const input = naiveInput(job, twins)
  const figures = new Figures(twins.fast())

  const returns = new Float64Array(input.dayEnds.length)
  const outJs = new Float64Array(FEW.javascript * NAIVE_FIGURES.length)
  const rowOf = (sample: number) => job.rows.subarray(PARAMETERS * sample, PARAMETERS * (sample + 1))
  const javascript = (): void => {
    for (let sample = 0; sample < FEW.javascript; sample++) {
      naiveBacktest(input, rowOf(sample), returns, outJs.subarray(sample * NAIVE_FIGURES.length))
    }
  }
  const assembly = assemblyLoop(input, job.rows, Math.min(samples, FEW.assembly))
  const ways: Record<string, Way> = {
    engine: { name: 'this engine', samples, contestant: { run: () => twins.fast() } },
    plain: {
      name: 'plain kernel, bar by bar (AssemblyScript, all features)',
      samples: FEW.plain,
      contestant: { run: () => plain.plain() },
    },
    javascript: { name: 'naive loop, JavaScript', samples: FEW.javascript, contestant: { run: javascript } },
    assembly: { name: 'naive loop, AssemblyScript', samples: FEW.assembly, contestant: { run: assembly.run } },
  }

  using naive = compileC('naive.c')
  using query = compileC('query.c')
  if (naive && query) {
    naive.input(...cColumns(input, job.rows, FEW.c))
    query.input(...cColumns(input, job.rows, samples))
    ways.c = { name: 'naive loop, C -O3 -march=native', samples: FEW.c, contestant: { measure: () => naive.run()[0] } }
    ways.query = {
      name: 'the same algorithm, C -O3 -march=native',
      samples,
      contestant: { measure: () => median(query.run(3)) },
    }
    report.note(`C compiler: ${naive.compiler}`)
  } else report.note('No C compiler here: the loops in C are left out.')

  const times = race(Object.fromEntries(Object.entries(ways).map(([key, { contestant }]) => [key, contestant])), rounds)
  figures.check('naive loop in JavaScript', outJs, NAIVE_FIGURES, NAIVE_FIGURES.length)
  figures.check('naive loop in AssemblyScript', assembly.figures(), NAIVE_FIGURES, NAIVE_FIGURES.length)
  if (naive && query) {
    figures.check('naive loop in C', naive.output(), NAIVE_FIGURES, NAIVE_FIGURES.length)
    figures.check('algorithm in C', query.output(), QUERY_FIGURES, QUERY_WIDTH)
  }
  const cost: Record<string, number> = {}
  for (const [key, way] of Object.entries(ways)) cost[key] = median(times[key]) / way.samples
  return { job, input, ways, cost, trades: figures.meanTrades }
}

/** What this engine says of each sample: the others must say the same. */
class Figures {
  readonly #rows: Float64Array

  /** @param rows f64[samples × 26] */
  constructor(rows: Float64Array) {
    this.#rows = rows
  }

  get meanTrades(): number {
    const samples = this.#rows.length / METRIC_NAMES.length
    return (
      Array.from({ length: samples }, (_, at) => this.of(at, 'tradeCount')).reduce((sum, n) => sum + n, 0) / samples
    )
  }

  of(sample: number, name: (typeof METRIC_NAMES)[number]): number {
    return this.#rows[sample * METRIC_NAMES.length + METRIC_NAMES.indexOf(name)]
  }

  /** @throws Error for the first figure that differs by more than rounding; trades must be equal */
  check(who: string, values: Float64Array, names: readonly (typeof METRIC_NAMES)[number][], width: number): void {
    for (let sample = 0; sample < values.length / width; sample++) {
      names.forEach((name, at) => {
        const [theirs, ours] = [values[sample * width + at], this.of(sample, name)]
        const isSame = name === 'tradeCount' ? theirs === ours : Math.abs(theirs - ours) <= 1e-9 * (1 + Math.abs(ours))
        if (!isSame && !(Number.isNaN(ours) && !Number.isFinite(theirs))) {
          throw new Error(`${who}: ${name} of sample ${sample} is ${theirs}, this engine says ${ours}.`)
        }
      })
    }
  }
}
