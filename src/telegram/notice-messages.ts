import type { AttributionRow, PlaybookRow } from '../playbook/table.ts'
import type { TuningJobRow } from '../tuning/table.ts'
import { bold, message, plain, signed, type Html } from './text.ts'

/** Jobs that have finished: one in some lines, several in a line each. */
export function jobsMessage(jobs: readonly TuningJobRow[]): Html {
  if (jobs.length === 1) return message(jobLines(jobs[0]))
  return message([bold(`${jobs.length} tuning jobs have finished`), ...jobs.map((job) => jobLines(job)[0])])
}

function jobLines(job: TuningJobRow): Html[] {
  const name = bold(plain(job.name))
  if (job.status === 'FAILED') return [`❌ ${name} failed`, plain(job.error?.message ?? 'without a reason', 500)]
  const readiness = job.result?.readiness
  if (!readiness) return [`${name} has finished without a verdict`]
  const roi = job.result?.outOfSample?.metrics.roi
  return [
    `${readiness.productionReady ? '✅' : '⚠️'} ${name}: ${readiness.productionReady ? 'ready' : 'not ready'}, score ${Math.round(readiness.score)} of 100`,
    plain(readiness.explanation, 600),
    ...(typeof roi === 'number' && Number.isFinite(roi) ? [`Out of sample: ${signed(roi)}`] : []),
  ]
}

/** A version that made results worse. */
export function worsenedMessage(playbook: PlaybookRow, { version, result }: AttributionRow): Html {
  return message([
    `📉 ${bold(`${plain(playbook.name)}: version ${version} made results worse`)}`,
    `Mean profit of a trade ${signed(result.meanProfitBefore, 2)} → ${signed(result.meanProfitAfter, 2)}; effect ${signed(result.effect, 2)} (${signed(result.interval.low, 2)} to ${signed(result.interval.high, 2)}), p ${result.pValue.toFixed(3)}`,
    `${result.tradesBefore} trades before, ${result.tradesAfter} after. To go back: /tune rollback ${Math.max(1, version - 1)}`,
  ])
}
