import { RISK_LEVELS, type RegimePlay } from '../playbook/play.ts'
import type { TuningKpis } from '../playbook/results.ts'
import type { AttributionRow, PlaybookReviewRow, PlaybookRow, PlaybookVersionRow } from '../playbook/table.ts'
import { bold, instant, message, parameterFigure, parameterWords, percent, plain, words, type Html } from './text.ts'

/** How a playbook stands: version, what waits, how well tuning has worked. */
export function statusMessage(playbook: PlaybookRow, pending: PlaybookReviewRow | null, kpis: TuningKpis): Html {
  const share = (value: number | null): string => (value === null ? 'not known yet' : percent(value, 0))
  return message([
    bold(plain(playbook.name)),
    `Version ${playbook.version}, next review ${instant(playbook.nextReviewAt)}`,
    pending
      ? `⏳ A review waits for a decision until ${instant(pending.expiresAt)}: /tune apply`
      : 'No review waits for a decision.',
    ...(playbook.autoApplyStopped === null
      ? []
      : [`⚠️ Applying without a person has stopped: ${plain(playbook.autoApplyStopped, 300)}`]),
    '',
    `${kpis.reviews} reviews, last ${kpis.lastReviewAt ? instant(new Date(kpis.lastReviewAt)) : 'never'}`,
    `${kpis.recommendations} recommendations, accepted ${share(kpis.acceptanceRate)}`,
    `Changes that proved right: ${share(kpis.recommendationAccuracy)}`,
    `Parameter stability: ${kpis.parameterStability === null ? 'not known yet' : kpis.parameterStability.toFixed(2)}`,
    `Data quality: ${kpis.averageDataQuality === null ? 'not known yet' : `${Math.round(kpis.averageDataQuality)} of 100`}`,
  ])
}

/** The numbers in force, and how the playbook may tune itself. */
export function configMessage(playbook: PlaybookRow, plays: readonly RegimePlay[]): Html {
  const { settings } = playbook
  const allowed = RISK_LEVELS.slice(0, RISK_LEVELS.indexOf(settings.autoApplyRisk) + 1).map(words)
  return message([
    bold(`${plain(playbook.name)}, version ${playbook.version}`),
    ...plays.flatMap(playLines),
    '',
    bold('Tuning'),
    `From ${settings.minTradesForTuning} trades on, of the last ${settings.lookbackDays} days, every ${settings.retrainingFrequencyDays} days`,
    `Confidence from ${percent(settings.confidenceThreshold, 0)} on; a number moves by ${percent(settings.maxParameterChange, 0)} at most, in 30 days by ${percent(settings.maxMonthlyChange, 0)}`,
    settings.humanReviewRequired
      ? `A person decides, within ${settings.reviewExpiryHours} hours`
      : `Applied without a person: ${allowed.join(', ')} risk`,
    ...settings.bounds.map(
      ({ parameter, min, max }) =>
        `${parameterWords(parameter, null)}: ${parameterFigure(parameter, min)} to ${parameterFigure(parameter, max)}`,
    ),
  ])
}

function playLines(play: RegimePlay): Html[] {
  const stops = [
    play.stopLoss === null ? '' : `, stop loss ${parameterFigure('STOP_LOSS', play.stopLoss)}`,
    play.takeProfit === null ? '' : `, take profit ${parameterFigure('TAKE_PROFIT', play.takeProfit)}`,
  ]
  const weights = play.strategyWeights.map(({ strategy, weight }) => `${plain(strategy, 40)} ${percent(weight, 0)}`)
  return [
    '',
    bold(words(play.regime)),
    `leverage ${parameterFigure('LEVERAGE', play.leverage)}, risk/reward ${play.riskRewardRatio}, confidence from ${play.confidenceThreshold}${stops.join('')}`,
    ...(weights.length > 0 ? [weights.join(', ')] : []),
  ]
}

const VERDICTS = { IMPROVED: '📈 improved', NO_EVIDENCE: '➖ no evidence', WORSENED: '📉 worsened' } as const

/** A version, and what it did. */
export interface PastVersion {
  version: PlaybookVersionRow
  attribution: AttributionRow | null
}

/** The last versions, newest first, each with what changed and what came of it. */
export function historyMessage(playbook: PlaybookRow, versions: readonly PastVersion[]): Html {
  return message([
    bold(`History of ${plain(playbook.name)}`),
    ...versions.flatMap(({ version, attribution }) => [
      '',
      `${bold(`Version ${version.version}`)} · ${words(version.origin)} by ${plain(version.author)} · ${instant(version.createdAt)}`,
      ...(version.restores === null ? [] : [`back to version ${version.restores}`]),
      ...version.changes.map(
        ({ regime, parameter, strategy, before, after }) =>
          `${words(regime)}: ${parameterWords(parameter, strategy)} ${parameterFigure(parameter, before)} → ${parameterFigure(parameter, after)}`,
      ),
      ...(attribution ? [VERDICTS[attribution.verdict]] : []),
    ]),
  ])
}

/** Several playbooks are there and none was named. */
export function chooseMessage(names: readonly string[], command: string): Html {
  return message([
    'Which playbook? Write its name behind the command:',
    ...names.map((name) => `<code>${plain(`${command} ${name}`, 120)}</code>`),
  ])
}

export const HELP: Html = [
  bold('Tunebook'),
  '/tune – review a playbook now',
  '/tune status – version, what waits, how well tuning works',
  '/tune config – the numbers in force and the tuning settings',
  '/tune apply – the review that waits, with its buttons',
  '/tune apply all – apply it; <code>/tune apply safe</code> applies only 🟢',
  '/tune history – the last versions and what came of them',
  '/tune rollback – back to the version before; <code>/tune rollback 3</code> back to version 3',
  '/help – this',
  '',
  'Where there are several playbooks, write the name of one behind the command: <code>/tune status Bitcoin</code>',
  '🟢 low risk  🟡 medium  🔴 high',
].join('\n')
