import { quantile } from '../engine/statistics.ts'
import type { Engine } from '../engine/pool.ts'
import type { MonteCarlo } from '../evidence/monte-carlo.ts'
import type { GateEvidence } from '../evidence/gates.ts'
import { readiness, type Readiness } from '../evidence/readiness.ts'
import { toRow } from '../strategy/parameter-space.ts'
import type { Importances } from './analysis.ts'
import type { Evaluator } from './evaluator.ts'
import type { Candidate, OutOfSample } from './job.ts'
import type { Learned } from './learn.ts'
import { stressTests, type Stress } from './monte-carlo.ts'
import type { Baseline, Hooks, Samples } from './pipeline.ts'
import { placeboRunsFor, placeboTest } from './placebo.ts'
import { judgeChoice, judgePlateau, robustnessOf, type Robustness } from './robustness.ts'
import type { TuningSettings } from './settings.ts'
import { walkForward, type WalkForward } from './walk-forward.ts'

/** What the job found out about its best candidate; null and empty where it has none. */
export interface Validation {
  outOfSample: OutOfSample | null
  robustness: Robustness | null
  walkForward: WalkForward | null
  anchoredWalkForward: WalkForward | null
  monteCarlo: MonteCarlo[]
  stress: Stress[]
}

export interface ValidationInput {
  engine: Engine
  evaluator: Evaluator
  samples: Samples
  /** f64[count × parameters]: the design, drawn without a look at any result */
  design: Float64Array
  candidates: Candidate[]
  /** parameter sets that were backtested on top of the samples in order to choose among them */
  verified: number
  baseline: Baseline | null
  settings: TuningSettings
}

const NOTHING: Validation = {
  outOfSample: null,
  robustness: null,
  walkForward: null,
  anchoredWalkForward: null,
  monteCarlo: [],
  stress: [],
}

/** VALIDATING: everything that could show that the best candidate is luck. */
export async function validate(input: ValidationInput, { signal, progress }: Hooks): Promise<Validation> {
  const { engine, evaluator, samples, design, candidates, verified, baseline, settings } = input
  const [best] = candidates
  if (!best) return NOTHING
  const winner = toRow(settings.strategy.parameterSpace, best.parameters)
  const steps = STEPS + placeboRunsFor(settings)
  let done = 0
  const step = async <T>(work: Promise<T>): Promise<T> => {
    const result = await work
    progress('VALIDATING', ++done, steps)
    return result
  }
  const ledger = {
    trialsEver: settings.ledger.trials + samples.count + verified,
    oosUses: settings.ledger.oosUses + 1,
  }
  const outOfSample = await step(outOfSampleOf(evaluator, best, settings, baseline))
  const rolling = await step(walkForward(evaluator, samples, settings, { anchored: false, signal }))
  const anchored = await step(walkForward(evaluator, samples, settings, { anchored: true, signal }))
  const choice = await step(judgeChoice(engine, evaluator, samples, winner, settings, ledger.trialsEver, signal))
  const around = await step(judgePlateau(evaluator, samples, winner, settings, signal))
  const { monteCarlo, stress } = await step(stressTests(engine, evaluator, winner, settings, signal))
  const onPlacebo = (runs: number): void => progress('VALIDATING', done + runs, steps)
  const placebo = await placeboTest(engine, evaluator, design, settings, { signal, progress: onPlacebo })
  return {
    outOfSample,
    robustness: robustnessOf(choice, around, placebo, ledger),
    walkForward: rolling,
    anchoredWalkForward: anchored,
    monteCarlo,
    stress,
  }
}

/** Those before the placebo. */
const STEPS = 6

/** The best candidate on candles that nothing has seen, beside what doing nothing special would earn. */
async function outOfSampleOf(
  evaluator: Evaluator,
  best: Candidate,
  settings: TuningSettings,
  baseline: Baseline | null,
): Promise<OutOfSample> {
  const actual = evaluator.objective(best.outOfSample!, 0)
  const defaults = baseline ? await evaluator.metrics(baseline.row, settings.test) : []
  return {
    parameters: best.parameters,
    metrics: best.outOfSample!,
    inSample: best.inSample!,
    predicted: best.predicted,
    actual: Number.isNaN(actual) ? null : actual,
    baselines: [
      { name: 'best', metrics: best.outOfSample! },
      ...defaults.map((metrics) => ({ name: 'defaults', metrics })),
      { name: 'buy and hold', metrics: await evaluator.buyAndHold(settings.test) },
    ],
  }
}

/** The verdict on everything that was found out. */
export function judge(
  learned: Learned | null,
  gap: number | null,
  importance: Importances | null,
  candidates: readonly Candidate[],
  validation: Validation,
  settings: TuningSettings,
): Readiness {
  const rois = candidates.map(({ outOfSample }) => outOfSample!.roi!)
  return readiness({
    trainingR2: learned?.training.r2 ?? null,
    validationR2: learned?.validation.r2 ?? null,
    overfitting: gap,
    outOfSampleRoi: rois.length > 0 ? quantile(rois, 0.5) : null,
    importanceReasonable: importance?.reasonable ?? false,
    gates: gateEvidence(validation, settings),
  })
}

function gateEvidence({ robustness, walkForward, outOfSample }: Validation, settings: TuningSettings): GateEvidence {
  return {
    deflatedSharpeRatio: robustness?.deflatedSharpeRatio ?? null,
    probabilityOfOverfitting: robustness?.probabilityOfOverfitting ?? null,
    placeboPercentile: placeboRunsFor(settings) === 0 ? undefined : (robustness?.placeboPercentile ?? null),
    walkForwardProfitableShare: walkForward?.profitableShare ?? null,
    outOfSampleTrades: outOfSample?.metrics.tradeCount ?? null,
  }
}
