import type { MonteCarlo } from '../evidence/monte-carlo.ts'
import type { Stress } from '../tuning/monte-carlo.ts'
import type { Robustness } from '../tuning/robustness.ts'
import type { WalkForward } from '../tuning/walk-forward.ts'
import type { FinishedJob } from './finished-job.ts'
import { paint } from './output.ts'
import { figure, minute, percent, table, whole } from './text.ts'

/** What speaks for the result and what against it, beside the gates: how it was chosen, how it held, how it bends. */
export function evidenceLines(job: FinishedJob): string[] {
  return [
    ...(job.robustness ? choice(job.robustness) : []),
    ...(job.walkForward ? walk(job.walkForward, job.anchoredWalkForward) : []),
    ...resampled(job.monteCarloMethods),
    ...stressed(job.stress),
  ]
}

function choice(robustness: Robustness): string[] {
  const { placeboRuns } = robustness
  const rows = [
    ['parameter sets ever tried on this market', whole(robustness.trialsEver)],
    ['results judged on this test period', whole(robustness.oosUses)],
    ['probability of backtest overfitting', percent(robustness.probabilityOfOverfitting, 0)],
    ['probabilistic Sharpe ratio, as the only trial', percent(robustness.probabilisticSharpeRatio)],
    ['deflated Sharpe ratio, after all trials', percent(robustness.deflatedSharpeRatio)],
    ["p of no configuration being worth anything (Hansen's SPA)", figure(robustness.superiorPredictiveAbility)],
    ['years that the best Sharpe ratio takes to be no chance', figure(robustness.minimumBacktestYears)],
    placeboRuns > 0
      ? [`better than so many of ${placeboRuns} placebo tunings`, percent(robustness.placeboPercentile, 0)]
      : ['placebo tunings', 'switched off'],
    ['lead that stays when parameters move a little', percent(share(robustness.plateauScore), 0)],
  ]
  return ['', paint('bold', 'Could the choice be luck?'), ...table(rows, 'lr')]
}

function share(score: number | null): number | null {
  return score === null ? null : score / 100
}

function walk(rolling: WalkForward, anchored: WalkForward | null): string[] {
  const rows = rolling.windows.map(({ test, inSample, outOfSample }) => [
    `${time(test.from)} to ${time(test.to)}`,
    percent(inSample.roi),
    percent(outOfSample.roi),
    figure(outOfSample.tradeCount),
  ])
  const sum = (name: string, { stitched, profitableShare, efficiency }: WalkForward): string =>
    `  ${name}: ${percent(stitched?.roi)} in all, drawdown ${percent(stitched?.maxDrawdown)}, ${percent(profitableShare, 0)} of windows gained, efficiency ${figure(efficiency)}.`
  return [
    '',
    paint('bold', `Walk-forward, chosen anew by ${rolling.chosenBy}`),
    ...table([['test window', 'ROI in', 'ROI out', 'trades out'], ...rows], 'lrrr'),
    sum('Rolling', rolling),
    ...(anchored ? [sum('Anchored', anchored)] : []),
  ]
}

/** The API gives times as text. */
function time(value: unknown): string {
  return minute(String(value))
}

function resampled(methods: readonly MonteCarlo[]): string[] {
  if (methods.length === 0) return []
  const rows = methods.map(({ method, runs, roi, maxDrawdown, probabilityOfLoss }) => [
    method.toLowerCase().replaceAll('_', ' '),
    whole(runs),
    `${percent(roi.p05)} … ${percent(roi.p95)}`,
    percent(maxDrawdown.p95),
    percent(probabilityOfLoss, 0),
  ])
  const head = ['', 'runs', 'ROI, 90 % of runs', 'drawdown, worst 5 %', 'end with a loss']
  return ['', paint('bold', 'What might as well have happened out of sample'), ...table([head, ...rows], 'lrrrr')]
}

function stressed(stress: readonly Stress[]): string[] {
  if (stress.length === 0) return []
  const rows = stress.map(({ period, roiStopFirst, doubleCosts, roiTargetFirst, ambiguous }) => [
    period.toLowerCase().replaceAll('_', ' '),
    percent(roiStopFirst),
    percent(doubleCosts.roi),
    `${percent(roiTargetFirst)} (${ambiguous} trades)`,
  ])
  const head = ['', 'ROI', 'at double costs', 'target before stop']
  return ['', paint('bold', 'Under other assumptions'), ...table([head, ...rows], 'lrrr')]
}
