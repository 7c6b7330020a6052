import type { RiskLevel } from '../playbook/play.ts'
import type { PlaybookReviewRow, PlaybookRow, RecommendationRow, RecommendationStatus } from '../playbook/table.ts'
import type { Keyboard } from './press.ts'
import { bold, instant, message, parameterFigure, parameterWords, percent, plain, words, type Html } from './text.ts'

/** What a message about a review is made of. */
export interface ReviewStory {
  review: PlaybookReviewRow
  playbook: PlaybookRow
  recommendations: readonly RecommendationRow[]
}

export const RISK_MARKS: Record<RiskLevel, string> = { LOW: '🟢', MEDIUM: '🟡', HIGH: '🔴' }

const OUTCOMES: Record<RecommendationStatus, string> = {
  PENDING: '',
  APPLIED: ' ✅',
  REJECTED: ' ✖️',
  EXPIRED: '',
  ROLLED_BACK: ' ↩️',
}

/** A review with a line for each recommendation: what waits, or what became of it. */
export function reviewMessage({ review, playbook, recommendations }: ReviewStory): Html {
  return message([
    bold(`${review.rollbackTo === null ? 'Review' : 'Proposal to go back'}: ${plain(playbook.name)}`),
    `Version ${review.baseVersion} · ${review.tradesAnalysed} trades · data quality ${Math.round(review.dataQuality.score)} of 100`,
    ...(review.rollbackTo === null
      ? []
      : [`Version ${review.baseVersion} made results worse; back to version ${review.rollbackTo}?`]),
    '',
    ...(recommendations.length > 0 ? recommendations.map(recommendationLine) : [plain(review.explanation, 1500)]),
    '',
    standing(review),
  ])
}

/** 🔴 ranging: leverage 3× → 2.4×, confidence 82 */
export function recommendationLine(row: RecommendationRow): Html {
  const { parameter, strategy, current, recommended } = row
  const numbers = `${parameterFigure(parameter, current)} → ${parameterFigure(parameter, recommended)}`
  const what = `${words(row.regime)}: ${parameterWords(parameter, strategy)} ${bold(numbers)}`
  return `${RISK_MARKS[row.risk]} ${what}, confidence ${Math.round(row.confidence)}${OUTCOMES[row.status]}`
}

/** Where the review stands: until when it waits, or who decided what, when and through which door. */
function standing(review: PlaybookReviewRow): Html {
  if (review.status === 'PENDING') return `Waits for a decision until ${instant(review.expiresAt)}.`
  if (review.status === 'EMPTY') return 'There is nothing to decide.'
  if (review.status === 'EXPIRED') return '⌛ Expired: nobody decided in time, or the playbook was changed meanwhile.'
  const by = review.decidedBy === null ? '' : ` by ${plain(review.decidedBy)}`
  const door = review.decidedIn === null ? '' : ` (${words(review.decidedIn)})`
  const at = review.decidedAt === null ? '' : ` at ${instant(review.decidedAt)}`
  const version = review.appliedVersion === null ? '' : ` It is version ${review.appliedVersion} now.`
  const reason = review.reason === null ? '' : ` Reason: ${plain(review.reason, 200)}`
  return `${STANDINGS[review.status]}${by}${door}${at}.${version}${reason}`
}

const STANDINGS = { APPLIED: '✅ Applied', PARTIALLY_APPLIED: '✅ Partly applied', REJECTED: '✖️ Rejected' } as const

/** The four decisions; Safe only where there is something safe to apply. */
export function reviewKeyboard({ review, recommendations }: ReviewStory): Keyboard {
  if (review.status !== 'PENDING') return []
  const waiting = recommendations.filter(({ status }) => status === 'PENDING')
  const safe = waiting.filter(({ risk }) => risk === 'LOW').length
  const safeOnly: Keyboard[number] = [{ label: `🟢 Safe only (${safe})`, action: 'SAFE_ONLY' }]
  return [
    [{ label: `✅ Apply all (${waiting.length})`, action: 'APPLY_ALL' }, ...(safe > 0 ? safeOnly : [])],
    [
      { label: '🔍 Review', action: 'WALK' },
      { label: '✖️ Reject', action: 'REJECT' },
    ],
  ]
}

/** The technical side of a review: models, data quality, drift, the backtest. */
export function technicalLines({ dataQuality, models, drift, backtestCheck }: PlaybookReviewRow): Html[] {
  const { completeness, tradeCount, regimeDiversity, timeCoverage, score } = dataQuality
  const round = Math.round
  return [
    bold('Data quality'),
    `${round(score)} of 100: completeness ${round(completeness)}, trade count ${round(tradeCount)}, regime diversity ${round(regimeDiversity)}, time coverage ${round(timeCoverage)}`,
    bold('Models'),
    ...(models.length === 0 ? ['none; the rules decide alone'] : []),
    ...models.map(
      ({ optimizer, r2, mae, crossValidationR2, trainedOn }) =>
        `${words(optimizer)}: R² ${score3(r2)}, cross-validated ${score3(crossValidationR2)}, mean error ${score3(mae)}, ${trainedOn} trades`,
    ),
    ...(drift.length > 0 ? [bold('Drift'), ...drift.map((warning) => `⚠️ ${plain(warning.message, 300)}`)] : []),
    ...(backtestCheck
      ? [
          bold('Backtest before → after'),
          `roi ${share(backtestCheck.before.roi)} → ${share(backtestCheck.after.roi)}, deepest fall ${share(backtestCheck.before.maxDrawdown)} → ${share(backtestCheck.after.maxDrawdown)}, trades ${backtestCheck.before.tradeCount} → ${backtestCheck.after.tradeCount}`,
        ]
      : []),
  ]
}

export const score3 = (value: number | null): string => (value === null ? 'not defined' : value.toFixed(3))
const share = (value: number | null): string => (value === null ? 'not defined' : percent(value))
