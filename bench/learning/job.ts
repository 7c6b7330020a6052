import { DEFAULT_EXECUTION } from '../../src/engine/execution.ts'
import { Engine } from '../../src/engine/pool.ts'
import { syntheticCandles } from '../../src/market/synthetic.ts'
import type { TaskRunner } from '../../src/models/estimator.ts'
import { Predictor } from '../../src/models/predictor.ts'
import { BUILT_IN_STRATEGIES } from '../../src/strategy/builtin.ts'
import { importances, sensitivities } from '../../src/tuning/analysis.ts'
import { Evaluator } from '../../src/tuning/evaluator.ts'
import { learn } from '../../src/tuning/learn.ts'
import type { Samples } from '../../src/tuning/pipeline.ts'
import { search } from '../../src/tuning/search.ts'
import { minTrades, type TuningSettings } from '../../src/tuning/settings.ts'

/** CPU time of each part of what an ENSEMBLE job of 1,000 samples learns. */
export interface JobCost {
  parts: { name: string; ms: number }[]
  totalMs: number
}

/** All that is learned: every algorithm cross-validated, the stack, importance, SHAP, sensitivity. */
export const JOB_GOAL_MS = 5000
const JOB_SAMPLES = 1000

const DAY = 86_400_000
const FROM = Date.UTC(2025, 0, 1)
const SPLIT = FROM + 160 * DAY

const SETTINGS: TuningSettings = {
  strategy: BUILT_IN_STRATEGIES.find(({ name }) => name === 'rsi-adx-volume')!,
  timeframeMs: 300_000,
  training: { from: FROM + DAY, to: SPLIT },
  test: { from: SPLIT, to: SPLIT + 80 * DAY },
  execution: { ...DEFAULT_EXECUTION },
  sampler: 'LATIN_HYPERCUBE',
  sampleCount: JOB_SAMPLES,
  seed: 7,
  objective: 'SHARPE_RATIO',
  secondaryObjectives: [],
  riskLimits: { maxDrawdown: null, minTrades: null, minWinRate: null, minProfitFactor: null },
  algorithm: 'ENSEMBLE',
  hyperparameters: {},
  features: { interactions: true, market: false, temporal: false },
  placeboRuns: 0,
  ledger: { trials: 0, oosUses: 0 },
}

/** What runs in compute threads, by the name of its task. */
const FITS: Record<string, string> = {
  growChunk: 'random forest',
  trainBoosting: 'boosting',
  trainNetwork: 'neural network',
  trainSupportVectors: 'support vectors',
  restartTask: 'Gaussian process',
  conditionTask: 'Gaussian process',
}

/** Learn from really backtested samples, all in this thread. */
export async function learningOfAJob(): Promise<JobCost> {
  const engine = new Engine(1, () => {})
  const candles = syntheticCandles({ seed: 3, bars: 240 * 288, timeframe: '5m', from: FROM, edge: 1 })
  const evaluator = new Evaluator(engine, candles, SETTINGS)
  const samples = await backtested(evaluator)
  const clock = new Clock()

  const { rows, objective: target } = samples
  const input = { strategy: evaluator.strategy, settings: SETTINGS, rows, target, reference: null }
  const learned = (await clock.time('predictions and confidence', () => learn(input, clock.run, [])))!
  const predictor = new Predictor(learned.model, learned.features, learned.featureNames, learned.calibration)
  await clock.time('importance and SHAP', () => importances(learned, target, SETTINGS, clock.run))
  const options = { candidates: 10_000, top: 1, seed: SETTINGS.seed, signal: new AbortController().signal }
  const [best] = (await search(evaluator.strategy, evaluator, predictor, SETTINGS, options)).candidates
  await clock.time('sensitivity', () => sensitivities(learned, predictor, samples, best, SETTINGS, clock.run))
  await engine.close()
  return clock.cost()
}

async function backtested(evaluator: Evaluator): Promise<Samples> {
  const { sampler, seed } = SETTINGS
  const { rows } = evaluator.strategy.draw({ sampler, count: JOB_SAMPLES, seed })
  const metrics = await evaluator.run(rows, SETTINGS.training)
  return { count: JOB_SAMPLES, rows, metrics, objective: evaluator.objectives(metrics, minTrades(SETTINGS)) }
}

/** Keeps apart what tasks take and what is done around them. */
class Clock {
  readonly #parts = new Map<string, number>()
  #inTasks = 0

  /** As the compute threads run tasks: each by itself, so that its time is its own. */
  readonly run: TaskRunner = async ({ module, name, data }) => {
    const functions = (await import(module)) as Record<string, (data: unknown) => unknown>
    const start = cpuMs()
    const result = functions[name](data)
    const taken = cpuMs() - start
    if (FITS[name]) {
      this.#add(FITS[name], taken)
      this.#inTasks += taken
    }
    return result as never
  }

  async time<T>(part: string, work: () => T | Promise<T>): Promise<T> {
    const start = cpuMs()
    const before = this.#inTasks
    const result = await work()
    this.#add(part, cpuMs() - start - (this.#inTasks - before))
    return result
  }

  cost(): JobCost {
    const parts = [...this.#parts].map(([name, ms]) => ({ name, ms }))
    return { parts, totalMs: parts.reduce((sum, { ms }) => sum + ms, 0) }
  }

  #add(part: string, ms: number): void {
    this.#parts.set(part, (this.#parts.get(part) ?? 0) + ms)
  }
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}
