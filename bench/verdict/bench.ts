/**
 * How often the verdict says "ready" where there is nothing to find, and where there is: whole tuning jobs with every
 * statistic, on markets whose answer is known.
 *
 *     npm run bench:verdict [-- --markets 400] [-- --set report|choose] [-- --threads 2] [-- --readme] [-- --fresh]
 *
 * Thresholds are chosen on the seeds of `choose` and reported on those of `report`. Each finished market is a line of
 * bench/results/; an interrupted run goes on from there. `--readme` writes the table between the markers in README.md.
 */
import { spawn } from 'node:child_process'
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism, cpus } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { DEFAULT_EXECUTION } from '../../src/engine/execution.ts'
import { Engine } from '../../src/engine/pool.ts'
import { getEstimator } from '../../src/models/algorithms.ts'
import { resolveHyperparameters } from '../../src/models/estimator.ts'
import { BUILT_IN_STRATEGIES } from '../../src/strategy/builtin.ts'
import { tune, type Hooks } from '../../src/tuning/pipeline.ts'
import type { TuningSettings } from '../../src/tuning/settings.ts'
import { writeBetween } from '../markers.ts'
import { FROM, kindsOf, marketOf, TEST_DAYS, TIMEFRAME_MS, TRAINING_DAYS, type Kind } from './markets.ts'
import { failureTable, verdictTable, type Line } from './table.ts'

const { values: options } = parseArgs({
  options: {
    markets: { type: 'string', default: '400' },
    set: { type: 'string', default: 'report' },
    threads: { type: 'string', default: String(availableParallelism()) },
    readme: { type: 'boolean', default: false },
    fresh: { type: 'boolean', default: false },
    /** of a child: k/n */
    shard: { type: 'string' },
  },
})

const SETS: Record<string, number> = { choose: 1_000_000, report: 2_000_000 }
const FIRST_SEED = SETS[options.set]
const MARKETS = Number(options.markets)
const FOLDER = fileURLToPath(new URL('../results/', import.meta.url))
const FILE = `${FOLDER}verdict-${options.set}.jsonl`
const README = new URL('../../README.md', import.meta.url)

const DAY = 86_400_000
const ALGORITHM = 'XGBOOST'

/** The same question on every market. */
function settingsOf(seed: number): TuningSettings {
  const split = FROM + TRAINING_DAYS * DAY
  return {
    strategy: BUILT_IN_STRATEGIES.find(({ name }) => name === 'rsi-adx-volume')!,
    timeframeMs: TIMEFRAME_MS,
    training: { from: FROM + DAY, to: split },
    test: { from: split, to: split + TEST_DAYS * DAY },
    execution: { ...DEFAULT_EXECUTION },
    sampler: 'LATIN_HYPERCUBE',
    sampleCount: 500,
    seed,
    objective: 'SHARPE_RATIO',
    secondaryObjectives: [],
    riskLimits: { maxDrawdown: null, minTrades: null, minWinRate: null, minProfitFactor: null },
    algorithm: ALGORITHM,
    hyperparameters: { ...resolveHyperparameters(getEstimator(ALGORITHM).hyperparameters, {}) },
    features: { interactions: true, market: false, temporal: false }, // market conditions have no part in the verdict
    placeboRuns: 100,
    ledger: { trials: 0, oosUses: 0 },
  }
}

const QUIET: Hooks = {
  signal: new AbortController().signal,
  progress: () => {},
  finished: async () => new Float64Array(),
  save: async () => {},
}

async function judge(engine: Engine, index: number, kind: Kind): Promise<Line> {
  const seed = FIRST_SEED + index
  const started = performance.now()
  const { result } = await tune(engine, marketOf(kind, seed), settingsOf(seed), QUIET)
  const { readiness } = result
  const lines = [...readiness.criteria, ...readiness.gates]
  const { robustness, walkForward, stress } = result
  return {
    index,
    kind,
    seed,
    ready: readiness.productionReady,
    criteriaMet: readiness.criteriaMet,
    score: readiness.score,
    failed: lines.filter(({ passed }) => !passed).map(({ name }) => name),
    figures: {
      ...Object.fromEntries(lines.map(({ name, value }) => [name, value])),
      superiorPredictiveAbility: robustness?.superiorPredictiveAbility ?? null,
      probabilisticSharpeRatio: robustness?.probabilisticSharpeRatio ?? null,
      plateauScore: robustness?.plateauScore ?? null,
      placeboPValue: robustness?.placeboPValue ?? null,
      walkForwardSharpeRatio: walkForward?.stitched?.sharpeRatio ?? null,
      roiAtDoubleCosts: stress?.at(-1)?.doubleCosts.roi ?? null,
      bestOutOfSampleRoi: result.outOfSample?.metrics.roi ?? null,
      outOfSampleSharpe: result.outOfSample?.metrics.sharpeRatio ?? null,
      inSampleSharpe: result.outOfSample?.inSample.sharpeRatio ?? null,
    },
    ms: performance.now() - started,
  }
}

function finished(): Line[] {
  if (!existsSync(FILE)) return []
  const lines = readFileSync(FILE, 'utf8').split('\n').filter(Boolean)
  return lines.map((line) => JSON.parse(line) as Line).filter(({ index }) => index < MARKETS)
}

/** The markets of one process: every n-th that nobody has done yet. */
async function runShard(shard: string): Promise<void> {
  const [own, all] = shard.split('/').map(Number)
  const done = new Set(finished().map(({ index }) => index))
  const engine = new Engine(1, () => {})
  for (const [index, kind] of kindsOf(MARKETS).entries()) {
    if (index % all !== own || done.has(index)) continue
    const line = await judge(engine, index, kind)
    appendFileSync(FILE, `${JSON.stringify(line)}\n`)
    process.stderr.write(line.ready ? '!' : '.')
  }
  await engine.close()
}

/** One process a core: a market is too small for two. */
async function runAll(): Promise<void> {
  const started = performance.now()
  const before = finished().length
  const count = Number(options.threads)
  const shared = ['--markets', options.markets, '--set', options.set]
  const children = Array.from({ length: count }, (_, at) => {
    const child = spawn(process.execPath, [import.meta.filename, ...shared, '--shard', `${at}/${count}`], {
      stdio: ['ignore', 'inherit', 'inherit'],
    })
    return new Promise<void>((resolve, reject) => {
      child.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`A process ended with ${code}.`))))
    })
  })
  await Promise.all(children)
  const lines = finished()
  const minutes = (performance.now() - started) / 60_000
  const pace = `${lines.length - before} markets in ${minutes.toFixed(1)} min on ${count} threads of ${cpus()[0]?.model}`
  console.log(`\n\n${pace}; ${options.set} seeds\n`)
  const table = verdictTable(lines)
  console.log([...table, '', ...failureTable(lines)].join('\n'))
  if (options.readme) writeBetween(README, 'verdict', table.join('\n'))
}

if (FIRST_SEED === undefined) throw new Error(`--set ${options.set}: choose or report.`)
mkdirSync(FOLDER, { recursive: true })
if (options.shard) await runShard(options.shard)
else {
  if (options.fresh) rmSync(FILE, { force: true })
  await runAll()
}
