import { objectiveValue } from '../backtest/metrics.ts'
import type { Criterion, Readiness } from '../evidence/readiness.ts'
import type { Candidate, FeatureImportance, OutOfSample } from '../tuning/job.ts'
import { evidenceLines } from './evidence.ts'
import type { FinishedJob } from './finished-job.ts'
import { marketName } from './lookup.ts'
import { paint } from './output.ts'
import { bar, duration, figure, minute, percent, table, whole, wrap } from './text.ts'

const TOP_FEATURES = 8
const BAR_WIDTH = 20

/** Longer lines of prose are hard to read. */
const PROSE_COLUMNS = 100

/**
 * A finished job as a trader reads it: the verdict first, then what it rests on.
 *
 * @param columns of the screen; undefined where the text goes into a file
 */
export function verdictLines(job: FinishedJob, columns: number | undefined): string[] {
  const prose = Math.min(PROSE_COLUMNS, columns ?? Infinity)
  return [
    ...(job.readiness ? verdict(job.readiness, prose) : []),
    '',
    ...wrap(settingsOf(job), prose),
    ...(job.readiness ? criteria(job.readiness, columns) : []),
    ...evidenceLines(job),
    ...candidates(job),
    ...(job.outOfSample ? baselines(job.outOfSample) : []),
    ...importance(job.featureImportance),
    ...warnings(job.warnings ?? [], prose),
    '',
    `Job ${job.id}${job.model ? `, model ${job.model.id}` : ''}`,
  ]
}

/** READY or NOT READY, in colour where there is colour. */
export function headline({ productionReady }: Readiness): string {
  return productionReady ? paint(['bold', 'green'], 'READY') : paint(['bold', 'red'], 'NOT READY')
}

function verdict(readiness: Readiness, columns: number): string[] {
  return [`${headline(readiness)}   score ${whole(readiness.score)} of 100`, ...wrap(readiness.explanation, columns)]
}

function settingsOf(job: FinishedJob): string {
  const { strategy, market, trainingPeriod, testPeriod } = job
  const algorithm = job.chosenAlgorithm ?? job.algorithm
  const took = job.durationMs === null ? '' : `, ${duration(job.durationMs)}`
  const coarser = job.timeframe === market.timeframe ? '' : ` as ${job.timeframe}`
  return [
    `${strategy.name} on ${marketName(market)}${coarser}: ${whole(job.sampleCount)} samples, ${algorithm}, ${job.objective}, seed ${job.seed}${took}.`,
    `Training ${minute(trainingPeriod.from)} to ${minute(trainingPeriod.to)}, test ${minute(testPeriod.from)} to ${minute(testPeriod.to)} (UTC), which neither samples nor model nor search have seen.`,
  ].join(' ')
}

function criteria({ criteria, gates }: Readiness, columns: number | undefined): string[] {
  return [
    '',
    heading('Criteria'),
    ...table(
      [
        ['', '', 'value', 'needed', 'points', ''],
        ...criteria.map((line) => row(line, `${whole(line.points)} of ${whole(line.maxPoints)}`)),
      ],
      'llrrrl',
      columns,
    ),
    '',
    heading('Gates: could it be luck?'),
    ...table([['', '', 'value', 'needed', ''], ...gates.map((line) => row(line))], 'llrrl', columns),
  ]
}

function row(line: Criterion, ...points: string[]): string[] {
  const mark = line.passed ? paint('green', '✓') : paint('red', '✗')
  return [mark, line.name, figure(line.value), figure(line.threshold), ...points, line.description]
}

function candidates({ candidates, objective }: FinishedJob): string[] {
  if (candidates.length === 0) return []
  const level = percent(candidates[0].interval.level, 0)
  const head = [
    '#',
    'predicted',
    `${level} interval`,
    'in sample',
    'out of sample',
    'ROI in',
    'ROI out',
    'drawdown out',
    'trades out',
    'confidence',
  ]
  const rows = candidates.map((candidate) => [
    String(candidate.rank),
    figure(candidate.predicted) + (candidate.outOfDomain ? '*' : ''),
    `${figure(candidate.interval.low)} … ${figure(candidate.interval.high)}`,
    figure(candidate.inSample && objectiveValue(objective, candidate.inSample)),
    figure(candidate.outOfSample && objectiveValue(objective, candidate.outOfSample)),
    percent(candidate.inSample?.roi),
    percent(candidate.outOfSample?.roi),
    percent(candidate.outOfSample?.maxDrawdown),
    figure(candidate.outOfSample?.tradeCount),
    figure(Math.round(candidate.confidence)),
  ])
  return [
    '',
    heading(`Candidates by ${objective}`),
    ...table([head, ...rows], 'rrrrrrrrrr'),
    ...(candidates.some(({ outOfDomain }) => outOfDomain) ? ['  * outside of what the model has seen'] : []),
    `  Best: ${parametersText(candidates[0])}`,
  ]
}

function parametersText({ parameters }: Candidate): string {
  return Object.entries(parameters)
    .map(([name, value]) => `${name} ${figure(value)}`)
    .join(', ')
}

function baselines({ baselines }: OutOfSample): string[] {
  const rows = baselines.map(({ name, metrics }) => [
    name,
    percent(metrics.roi),
    figure(metrics.sharpeRatio),
    percent(metrics.maxDrawdown),
    percent(metrics.winRate, 0),
    figure(metrics.tradeCount),
  ])
  return [
    '',
    heading('Out of sample, side by side'),
    ...table([['', 'ROI', 'Sharpe', 'drawdown', 'win rate', 'trades'], ...rows], 'lrrrrr'),
  ]
}

function importance(features: readonly FeatureImportance[]): string[] {
  if (features.length === 0) return []
  const top = features.toSorted((a, b) => a.rank - b.rank).slice(0, TOP_FEATURES)
  const most = Math.max(...top.map((feature) => feature.importance), Number.EPSILON)
  return [
    '',
    heading('What drives the result'),
    ...table(
      top.map((feature) => [
        feature.feature,
        bar(feature.importance / most, BAR_WIDTH),
        percent(feature.importance, 0),
      ]),
      'llr',
    ),
  ]
}

function warnings(warnings: readonly string[], columns: number): string[] {
  if (warnings.length === 0) return []
  const lines = warnings.flatMap((warning) => {
    const [first, ...rest] = wrap(warning, columns, '    ')
    return [`  ${paint('yellow', '!')} ${first.trimStart()}`, ...rest]
  })
  return ['', heading('Warnings'), ...lines]
}

function heading(text: string): string {
  return paint('bold', text)
}
