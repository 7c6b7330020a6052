import type { Metrics } from '../../backtest/metrics.ts'
import type { Criterion } from '../../evidence/readiness.ts'
import type { MarketRow } from '../../market/table.ts'
import type { Candidate, JobResult } from '../job.ts'
import type { TuningJobRow } from '../table.ts'
import { levelsOf, typedParameters } from './levels.ts'

/** The best parameters as plain YAML for a bot's settings, under comments that say how far they may be trusted. */
export function parametersYaml(job: TuningJobRow, market: MarketRow, result: JobResult, best: Candidate): string {
  const levels = Object.entries(levelsOf(job.strategy, best.parameters)).filter(([, value]) => value !== null)
  const lines = [
    ...evidence(job, result).map(comment),
    ...entries({
      strategy: job.strategy.name,
      exchange: market.exchange,
      symbol: market.symbol,
      timeframe: job.timeframe,
      job: job.id,
      result_digest: job.resultDigest ?? '',
    }),
    'parameters:',
    ...indented(typedParameters(job.strategy, best.parameters)),
    ...(levels.length > 0 ? ['# fractions of the price', 'levels:', ...indented(Object.fromEntries(levels))] : []),
  ]
  return `${lines.join('\n')}\n`
}

function evidence(job: TuningJobRow, { readiness, outOfSample }: JobResult): string[] {
  const { productionReady, score, explanation, criteria, gates } = readiness
  return [
    `Best parameters of the Tunebook job ${JSON.stringify(job.name)}`,
    `finished ${job.finishedAt?.toISOString() ?? 'never'}`,
    `trained on ${span(job.trainingFrom, job.trainingTo)}, tested on ${span(job.testFrom, job.testTo)}`,
    `${productionReady ? 'READY' : 'NOT READY'}, score ${figure(score)} of 100. ${explanation}`,
    ...criteria.map(verdictLine),
    ...gates.map(verdictLine),
    ...(outOfSample ? outOfSample.baselines.map(({ name, metrics }) => outOfSampleLine(name, metrics)) : []),
    ...job.warnings.map((warning) => `warning: ${warning}`),
  ]
}

function verdictLine({ passed, name, value, threshold }: Criterion): string {
  return `${passed ? 'passed' : 'FAILED'}: ${name}, ${figure(value)} (needed: ${figure(threshold)})`
}

function outOfSampleLine(name: string, { roi, maxDrawdown, tradeCount }: Metrics): string {
  return `out of sample, ${name}: ROI ${figure(roi)}, largest fall ${figure(maxDrawdown)}, ${figure(tradeCount)} trades`
}

/** One line, whatever the text holds: what follows a line break would be read as settings. */
function comment(text: string): string {
  return `# ${text.replaceAll(/[\p{Cc}\u2028\u2029]+/gu, ' ')}`
}

type Value = string | number | boolean

function entries(values: Record<string, Value>): string[] {
  return Object.entries(values).map(([name, value]) => `${key(name)}: ${scalar(value)}`)
}

function indented(values: Record<string, Value | null>): string[] {
  const given = Object.entries(values).filter((entry): entry is [string, Value] => entry[1] !== null)
  return given.length > 0 ? entries(Object.fromEntries(given)).map((line) => `  ${line}`) : ['  {}']
}

/** Names that YAML 1.1 reads as something else. */
const WORDS = /^(?:y|n|yes|no|on|off|true|false|null)$/i

function key(name: string): string {
  return /^[A-Za-z_]\w*$/.test(name) && !WORDS.test(name) ? name : quoted(name)
}

/** A number as every YAML reader takes it for one: 1e-7 needs its point for those of YAML 1.1. */
function scalar(value: Value): string {
  if (typeof value === 'string') return quoted(value)
  const text = String(value)
  return /^-?\d+e/.test(text) ? text.replace('e', '.0e') : text
}

/** A JSON string is a YAML string, but for the control characters that JSON lets stand. */
function quoted(text: string): string {
  const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  return JSON.stringify(text).replaceAll(/[\u007f-\u009f\u2028\u2029\ufeff]/g, escaped)
}

function figure(value: number | null): string {
  return value === null ? 'not defined' : String(Number(value.toPrecision(4)))
}

function span(from: number, to: number): string {
  return `${new Date(from).toISOString().slice(0, 16)}Z to ${new Date(to).toISOString().slice(0, 16)}Z`
}
