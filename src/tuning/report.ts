import { objectiveValue, type Metrics } from '../backtest/metrics.ts'
import type { Criterion } from '../evidence/readiness.ts'
import type { MarketRow } from '../market/table.ts'
import type { Candidate, JobResult } from './job.ts'
import type { Stress } from './monte-carlo.ts'
import type { Robustness } from './robustness.ts'
import type { TuningJobRow } from './table.ts'
import type { WalkForward } from './walk-forward.ts'

export type ReportFormat = 'MARKDOWN' | 'JSON'

/** Everything that a sceptic needs in order to judge a result and to repeat it. */
export function report(job: TuningJobRow, market: MarketRow, format: ReportFormat): string {
  return format === 'JSON' ? JSON.stringify(content(job, market), null, 2) : `${markdown(job, market).join('\n')}\n`
}

/** For other tools: the question, what it was asked of, and the whole answer. */
function content(job: TuningJobRow, market: MarketRow): object {
  const { id, name, status, createdBy, createdAt, finishedAt, warnings, resultDigest, result } = job
  return {
    job: { id, name, status, createdBy, createdAt, finishedAt },
    question: {
      market: marketName(market),
      timeframe: job.timeframe,
      trainingPeriod: period(job.trainingFrom, job.trainingTo),
      testPeriod: period(job.testFrom, job.testTo),
      strategy: job.strategy,
      execution: job.execution,
      sampler: job.sampler,
      sampleCount: job.sampleCount,
      seed: job.seed,
      objective: job.objective,
      riskLimits: job.riskLimits,
      algorithm: job.algorithm,
      hyperparameters: job.hyperparameters,
      features: job.features,
      placeboRuns: job.placeboRuns,
      ledger: { trialsBefore: job.trialsBefore, oosUsesBefore: job.oosUsesBefore },
    },
    provenance: result?.provenance ?? null,
    resultDigest,
    warnings,
    result,
  }
}

function markdown(job: TuningJobRow, market: MarketRow): string[] {
  const { result } = job
  return [
    `# ${job.name}`,
    '',
    ...(result ? verdict(result) : [`This job is ${job.status} and has no result yet.`, '']),
    ...question(job, market),
    ...(result ? answer(job, result) : []),
    ...(job.warnings.length > 0 ? ['## Warnings', '', ...job.warnings.map((text) => `- ${text}`), ''] : []),
    ...repeating(job),
  ]
}

function verdict({ readiness }: JobResult): string[] {
  const { productionReady, score, explanation, criteria, gates } = readiness
  const line = ({ name, description, value, threshold, passed }: Criterion): string[] => [
    passed ? 'passed' : '**failed**',
    name,
    figure(value),
    figure(threshold),
    description,
  ]
  return [
    `**${productionReady ? 'READY' : 'NOT READY'}**, score ${figure(score)} of 100. ${explanation}`,
    '',
    '## Criteria and gates',
    '',
    'The criteria say how well the model knows the sampled past. The gates ask whether the result could be luck; they carry no points, and ready takes every one of them.',
    '',
    ...table(['', 'criterion', 'value', 'needed', 'meaning'], criteria.map(line)),
    ...table(['', 'gate', 'value', 'needed', 'meaning'], gates.map(line)),
  ]
}

function question(job: TuningJobRow, market: MarketRow): string[] {
  const { strategy, execution } = job
  const rules = (
    ['enterLong', 'exitLong', 'enterShort', 'exitShort', 'stopLoss', 'takeProfit', 'trailingStop', 'leverage'] as const
  )
    .filter((rule) => strategy[rule])
    .map((rule) => [rule, `\`${strategy[rule]}\``])
  return [
    '## The question',
    '',
    ...table(
      ['setting', 'value'],
      [
        ['market', `${marketName(market)}, ${job.timeframe} candles`],
        ['training period', span(job.trainingFrom, job.trainingTo)],
        ['test period', `${span(job.testFrom, job.testTo)}, which sampling, training and search have not seen`],
        ['strategy', strategy.name],
        ...rules,
        ['constraints', strategy.constraints.map((each) => `\`${each}\``).join(', ') || 'none'],
        ['samples', `${job.sampleCount} by ${job.sampler}, seed ${job.seed}`],
        ['objective', job.objective],
        ['risk limits', given({ ...job.riskLimits })],
        ['algorithm', `${job.algorithm} ${given(job.hyperparameters)}`],
        ['execution', given({ ...execution })],
        ['tried on this market before', `${job.trialsBefore} parameter sets`],
        ['judged on this test period before', `${job.oosUsesBefore} results`],
      ],
    ),
    ...table(
      ['parameter', 'distribution', 'range'],
      strategy.parameterSpace.map(({ name, distribution, low, high, values }) => [
        name,
        distribution,
        values ? values.join(', ') : `${low ?? '−∞'} to ${high ?? '∞'}`,
      ]),
    ),
  ]
}

function answer(job: TuningJobRow, result: JobResult): string[] {
  const [best] = result.candidates
  return [
    ...(best ? candidates(job, result.candidates, best) : ['## Candidates', '', 'None kept the risk limits.', '']),
    ...(result.outOfSample
      ? [
          '## Out of sample, side by side',
          '',
          ...table(
            ['', 'ROI', 'Sharpe ratio', 'largest fall', 'trades'],
            result.outOfSample.baselines.map(({ name, metrics }) => [name, ...figures(metrics)]),
          ),
        ]
      : []),
    ...(result.robustness ? robustness(result.robustness) : []),
    ...(result.walkForward ? walkForward('Walk-forward, rolling', result.walkForward) : []),
    ...(result.anchoredWalkForward ? walkForward('Walk-forward, anchored', result.anchoredWalkForward) : []),
    ...monteCarlo(result),
    ...stress(result.stress ?? []),
    ...importance(result),
  ]
}

function candidates(job: TuningJobRow, all: readonly Candidate[], best: Candidate): string[] {
  const objective = (metrics: Metrics | null): string => figure(metrics && objectiveValue(job.objective, metrics))
  return [
    '## Best parameters',
    '',
    ...table(
      ['parameter', 'value'],
      Object.entries(best.parameters).map(([name, value]) => [name, String(value)]),
    ),
    `The ten best by ${job.objective}, ranked by their surroundings:`,
    '',
    ...table(
      ['#', 'predicted', 'in sample', 'out of sample', 'ROI out of sample', 'trades out of sample', 'confidence'],
      all.map((each) => [
        String(each.rank),
        `${figure(each.predicted)} (${figure(each.interval.low)} to ${figure(each.interval.high)})`,
        objective(each.inSample),
        objective(each.outOfSample),
        percent(each.outOfSample?.roi),
        figure(each.outOfSample?.tradeCount),
        figure(Math.round(each.confidence)),
      ]),
    ),
  ]
}

function robustness(found: Robustness): string[] {
  const rows: [name: string, value: string, meaning: string][] = [
    [
      'trials ever',
      figure(found.trialsEver),
      'Parameter sets ever tried on this market, over all jobs up to this one.',
    ],
    ['effective trials', figure(found.effectiveTrials), 'The same, less what is alike: ρ + (1 − ρ) n.'],
    [
      'uses of the test period',
      figure(found.oosUses),
      'Results that were judged on candles of it, this one with them.',
    ],
    [
      'PBO',
      figure(found.probabilityOfOverfitting),
      'How often the best of one half of the days is no better than the median in the other. Above 0.5 the choice is noise.',
    ],
    [
      'probabilistic Sharpe ratio',
      figure(found.probabilisticSharpeRatio),
      'Probability that the true Sharpe ratio is above 0, were it the only trial.',
    ],
    ['deflated Sharpe ratio', figure(found.deflatedSharpeRatio), 'The same after all trials. From 0.95 significant.'],
    [
      'minimum backtest years',
      figure(found.minimumBacktestYears),
      'Data below which the best Sharpe ratio is what chance gives for so many trials.',
    ],
    [
      'SPA p',
      figure(found.superiorPredictiveAbility),
      "Hansen's test that no configuration is better than doing nothing.",
    ],
    ['reality check p', figure(found.realityCheck), "White's test of the same."],
    [
      'placebo percentile',
      found.placeboRuns > 0 ? figure(found.placeboPercentile) : 'not tested',
      `Share of ${found.placeboRuns} tunings of permuted candles that the real best beats (p ${figure(found.placeboPValue)}).`,
    ],
    [
      'plateau score',
      figure(found.plateauScore),
      'Of 100: how much of the lead stays when the parameters move by up to 10 % of their ranges.',
    ],
    [
      'on a bound',
      found.onBoundary.join(', ') || 'none',
      'Parameters for which better values may lie outside of the range.',
    ],
  ]
  return ['## Could the choice be luck?', '', ...table(['figure', 'value', 'meaning'], rows)]
}

function walkForward(title: string, walk: WalkForward): string[] {
  const { stitched } = walk
  return [
    `## ${title}`,
    '',
    `Chosen anew by ${walk.chosenBy} in each window, within the training period. Stitched: ROI ${percent(stitched?.roi)}, Sharpe ratio ${figure(stitched?.sharpeRatio)}, largest fall ${percent(stitched?.maxDrawdown)}. ${percent(walk.profitableShare)} of all windows gained; efficiency ${figure(walk.efficiency)}; ${walk.skipped} skipped.`,
    '',
    ...table(
      ['test window', 'ROI in sample', 'ROI', 'Sharpe ratio', 'largest fall', 'trades'],
      walk.windows.map(({ test, inSample, outOfSample }) => [
        span(test.from, test.to),
        percent(inSample.roi),
        ...figures(outOfSample),
      ]),
    ),
    `Drift of the choice (0.3 is as good as random): ${walk.drift.map(({ parameter, drift }) => `${parameter} ${figure(drift)}`).join(', ')}.`,
    '',
  ]
}

function monteCarlo({ monteCarlo: methods = [] }: JobResult): string[] {
  if (methods.length === 0) return []
  return [
    '## Monte Carlo, out of sample',
    '',
    'SHUFFLE, BOOTSTRAP and COST_STRESS take trades for independent of each other, which they are not.',
    '',
    ...table(
      ['method', 'runs', 'ROI 5 %', '50 %', '95 %', 'largest fall 95 %', 'end with a loss'],
      methods.map(({ method, runs, roi, maxDrawdown, probabilityOfLoss }) => [
        method,
        figure(runs),
        percent(roi.p05),
        percent(roi.p50),
        percent(roi.p95),
        percent(maxDrawdown.p95),
        percent(probabilityOfLoss),
      ]),
    ),
  ]
}

function stress(tests: readonly Stress[]): string[] {
  if (tests.length === 0) return []
  return [
    '## Under other assumptions',
    '',
    ...table(
      ['period', 'ROI', 'at double costs', 'target before stop', 'trades that this touches'],
      tests.map(({ period: name, roiStopFirst, doubleCosts, roiTargetFirst, ambiguous }) => [
        name,
        percent(roiStopFirst),
        percent(doubleCosts.roi),
        percent(roiTargetFirst),
        figure(ambiguous),
      ]),
    ),
  ]
}

function importance({ training, validation, test, overfitting, featureImportance }: JobResult): string[] {
  return [
    '## The model',
    '',
    `R² ${figure(training?.r2)} on the training part, ${figure(validation?.r2)} on validation, ${figure(test?.r2)} on test; overfitting ${figure(overfitting)}.`,
    '',
    ...table(
      ['feature', 'share'],
      featureImportance.slice(0, 8).map(({ feature, importance: share }) => [feature, percent(share)]),
    ),
  ]
}

function repeating({ id, result, resultDigest }: TuningJobRow): string[] {
  const provenance = result?.provenance
  return [
    '## Repeating it',
    '',
    ...table(
      ['', ''],
      [
        ['job', id],
        ['candles (SHA-256)', provenance?.dataHash ?? 'not recorded'],
        ['kernels', provenance?.engineVersion ?? 'not recorded'],
        ['result (SHA-256 over samples, model and verdict)', resultDigest ?? 'none yet'],
      ],
    ),
    `\`npx tunebook replay ${id}\` runs it again and compares the bits.`,
  ]
}

function figures({ roi, sharpeRatio, maxDrawdown, tradeCount }: Metrics): string[] {
  return [percent(roi), figure(sharpeRatio), percent(maxDrawdown), figure(tradeCount)]
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const cells = (row: readonly string[]): string => `| ${row.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [cells(head), cells(head.map(() => '---')), ...rows.map(cells), '']
}

function given(settings: Record<string, unknown>): string {
  const set = Object.entries(settings).filter(([, value]) => value !== null)
  return set.map(([name, value]) => `${name} ${String(value)}`).join(', ') || 'none'
}

function figure(value: number | null | undefined): string {
  if (value === null || value === undefined) return 'not defined'
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(4)))
}

function percent(value: number | null | undefined): string {
  return value === null || value === undefined ? 'not defined' : `${Number((100 * value).toPrecision(4))} %`
}

function marketName({ exchange, symbol }: MarketRow): string {
  return `${symbol} on ${exchange}`
}

function span(from: number, to: number): string {
  return `${instant(from)} to ${instant(to)} UTC`
}

function instant(time: number): string {
  return new Date(time).toISOString().slice(0, 16).replace('T', ' ')
}

function period(from: number, to: number): { from: string; to: string } {
  return { from: new Date(from).toISOString(), to: new Date(to).toISOString() }
}
