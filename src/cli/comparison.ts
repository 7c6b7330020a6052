import type { Metrics } from '../backtest/metrics.ts'
import type { FinishedJob } from './finished-job.ts'
import { paint } from './output.ts'
import { figure, percent, table, whole } from './text.ts'
import { headline } from './verdict.ts'

/** A line of the comparison: what it is called, and its cell for each job. */
type Line = [title: string, cell: (job: FinishedJob) => string] | []

const LINES: Line[] = [
  ['Verdict', ({ readiness }) => (readiness ? headline(readiness) : '–')],
  ['Score', ({ readiness }) => (readiness ? `${whole(readiness.score)} of 100` : '–')],
  ['Criteria met', ({ readiness }) => (readiness?.criteriaMet ? paint('green', 'yes') : paint('red', 'no'))],
  [],
  ['Best set, ROI in sample', (job) => roi(job.outOfSample?.inSample)],
  ['  out of sample', (job) => roi(job.outOfSample?.metrics)],
  ['  trades out of sample', (job) => figure(job.outOfSample?.metrics.tradeCount)],
  ["The strategy's defaults, out of sample", (job) => baseline(job, 'defaults')],
  ['Buy and hold, out of sample', (job) => baseline(job, 'buy and hold')],
  [],
  ['Validation R²', (job) => criterion(job, 'validationR2')],
  ['Overfitting', (job) => criterion(job, 'overfitting')],
  ['Ten best, median ROI out of sample', (job) => criterion(job, 'outOfSampleRoi')],
]

/** Finished jobs side by side, a column each. */
export function compare(titles: readonly string[], jobs: readonly FinishedJob[]): string[] {
  const head = ['', ...titles.map((title) => paint('bold', title))]
  const rows = LINES.map(([title, cell]) => (cell ? [title!, ...jobs.map(cell)] : ['']))
  return table([head, ...rows], `l${'r'.repeat(jobs.length)}`)
}

function roi(metrics: Metrics | undefined): string {
  return percent(metrics?.roi)
}

function baseline(job: FinishedJob, name: string): string {
  return roi(job.outOfSample?.baselines.find((each) => each.name === name)?.metrics)
}

function criterion(job: FinishedJob, name: string): string {
  const found = job.readiness?.criteria.find((each) => each.name === name)
  if (!found) return '–'
  return `${figure(found.value)} ${found.passed ? paint('green', '✓') : paint('red', '✗')}`
}
