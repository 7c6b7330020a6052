/**
 * How often reviews of trades without any effect ask for more risk, how often they find a planted effect, and how long
 * a hundred thousand trades take.
 *
 *   npm run bench:playbook [-- --logs 500 --docs]
 *
 * The shares are of reviews without models: a model can shorten or stop a step and never makes one, so with models they
 * are no larger. That is checked, with models trained as in production, on a part of the logs. `--docs` writes the
 * tables into docs/playbooks.md.
 */
import { parseArgs } from 'node:util'
import type { TaskRunner } from '../../src/models/estimator.ts'
import { analyse, type AnalysisInput } from '../../src/playbook/analysis.ts'
import { trainModels, type StoredVoice } from '../../src/playbook/models.ts'
import type { RecommendedChange } from '../../src/playbook/review.ts'
import { directionOf } from '../../src/playbook/risk-class.ts'
import { writeBetween } from '../markers.ts'
import { inputOf, type Kind } from './logs.ts'

const { values: options } = parseArgs({
  options: { logs: { type: 'string', default: '500' }, docs: { type: 'boolean', default: false } },
})
const LOGS = Number(options.logs)
/** A point of a power curve is worth fewer. */
const POWER_LOGS = Math.ceil(LOGS / 5)
/** Logs of each row for which models are trained, too. */
const MODEL_LOGS = Math.ceil(LOGS / 20)
const SIZES = [150, 400, 1000]
const MOST_FALSE_ALARMS = 0.05
const MOST_SECONDS = 2
const SEED = 14

type Effect = Omit<Kind, 'trades'>
const NOTHING: [name: string, effect: Effect][] = [
  ['a coin', { winRate: 0.5, payoff: 1 }],
  ['small wins, rare large losses', { winRate: 0.7, payoff: 3 / 7 }],
  ['rare large wins', { winRate: 0.35, payoff: 65 / 35 }],
  ['a coin, with forecasts that are one', { winRate: 0.5, payoff: 1, forecasts: 0.5 }],
]
const PLANTED: [name: string, effect: Effect, finds: 'raises_risk' | 'lowers_risk'][] = [
  ...[0.15, 0.25, 0.35].map((winRate) => planted(winRate, 'lowers_risk')),
  ...[0.65, 0.75, 0.85].map((winRate) => planted(winRate, 'raises_risk')),
  ...[0.6, 0.7, 0.8].map((forecasts): [string, Effect, 'raises_risk'] => [
    `${100 * forecasts} % of forecasts below the threshold come true: lower threshold`,
    { winRate: 0.5, payoff: 1, forecasts },
    'raises_risk',
  ]),
]

function planted(winRate: number, finds: 'raises_risk' | 'lowers_risk'): [string, Effect, typeof finds] {
  const words = finds === 'raises_risk' ? 'more risk' : 'less risk'
  return [
    `${100 * winRate} % of trades in TRENDING_UP won: ${words}`,
    { winRate, payoff: 1, regime: 'TRENDING_UP' },
    finds,
  ]
}

const print = (line: string): boolean => process.stdout.write(`${line}\n`)
const percent = (share: number): string => `${(100 * share).toFixed(1)} %`

/** The tasks of a compute thread, here. */
const runHere: TaskRunner = async <T>({ module, name, data }: Parameters<TaskRunner>[0]) => {
  const functions = (await import(module)) as Record<string, (data: unknown) => T>
  return functions[name](data)
}

async function modelsFor({ log }: AnalysisInput): Promise<StoredVoice[]> {
  const trained = await trainModels(log, SEED, runHere)
  return trained.map(({ model, ...one }) => ({ ...one, artifact: model.toBytes() }))
}

function changesOf(input: AnalysisInput, direction: string): RecommendedChange[] {
  return analyse(input).changes.filter(
    ({ parameter, current, recommended }) => directionOf(parameter, current, recommended) === direction,
  )
}

/** Share of logs whose review asks for a change in a direction. */
function shareOf(kind: Kind, direction: string, logs: number): number {
  let found = 0
  for (let seed = 1; seed <= logs; seed++) if (changesOf(inputOf(kind, seed), direction).length > 0) found++
  return found / logs
}

/** What models make of the same logs. */
interface WithModels {
  logs: number
  /** in which some model had skill */
  skilled: number
  asked: number
  /** reviews that asked for something that they did not ask for without models: there may be none */
  added: number
}

async function hearModels(kind: Kind, sum: WithModels): Promise<void> {
  for (let seed = 1; seed <= MODEL_LOGS; seed++) {
    const input = inputOf(kind, seed)
    const models = await modelsFor(input)
    const without = changesOf(input, 'raises_risk')
    const heard = changesOf({ ...input, models }, 'raises_risk')
    const isNew = (one: RecommendedChange): boolean =>
      !without.some(({ regime, parameter }) => regime === one.regime && parameter === one.parameter)
    sum.logs++
    if (models.some(({ crossValidationR2 }) => (crossValidationR2 ?? 0) > 0)) sum.skilled++
    if (heard.length > 0) sum.asked++
    if (heard.some(isNew)) sum.added++
  }
}

const HEAD = [
  `| trades | ${SIZES.map((size) => size.toLocaleString('en-US')).join(' | ')} |`,
  `|---|${SIZES.map(() => '---|').join('')}`,
]
const rowOf = (name: string, shares: number[]): string => `| ${name} | ${shares.map(percent).join(' | ')} |`

const falseAlarms = NOTHING.map(([name, effect]) => {
  const shares = SIZES.map((trades) => shareOf({ ...effect, trades }, 'raises_risk', LOGS))
  print(rowOf(name, shares))
  return { name, shares }
})
const power = PLANTED.map(([name, effect, finds]) => {
  const shares = SIZES.map((trades) => shareOf({ ...effect, trades }, finds, POWER_LOGS))
  print(rowOf(name, shares))
  return { name, shares }
})
const withModels: WithModels = { logs: 0, skilled: 0, asked: 0, added: 0 }
for (const [, effect] of NOTHING) for (const trades of SIZES) await hearModels({ ...effect, trades }, withModels)

const large = inputOf({ winRate: 0.55, payoff: 1, trades: 100_000 }, 1)
// whether these have skill or not, they are asked: the longest way
const models = (await modelsFor(large)).map((model) => ({ ...model, crossValidationR2: 1 }))
const times = Array.from({ length: 5 }, () => {
  const started = process.cpuUsage()
  analyse({ ...large, models })
  const { user, system } = process.cpuUsage(started)
  return (user + system) / 1e6
}).sort((a, b) => a - b)
const seconds = times[2]

const text = [
  `Share of reviews that ask for more risk where there is no effect, ${LOGS} logs each; at most ${percent(MOST_FALSE_ALARMS)}:`,
  '',
  ...HEAD,
  ...falseAlarms.map(({ name, shares }) => rowOf(name, shares)),
  '',
  `These are reviews without models, which can only shorten or stop a step. Of ${withModels.logs} of those reviews with models trained as in production, ${withModels.asked} asked for more risk and ${withModels.added} for more than without; ${withModels.skilled} had a model with skill.`,
  '',
  `Share of reviews that find a planted effect, ${POWER_LOGS} logs each:`,
  '',
  ...HEAD,
  ...power.map(({ name, shares }) => rowOf(name, shares)),
  '',
  `100,000 trades are analysed in ${seconds.toFixed(2)} s of processor time, four models heard (median of 5; at most ${MOST_SECONDS} s).`,
].join('\n')
print(`\n${text}`)
if (options.docs) writeBetween(new URL('../../docs/playbooks.md', import.meta.url), 'playbook', text)
const worst = Math.max(...falseAlarms.flatMap(({ shares }) => shares))
process.exitCode = worst > MOST_FALSE_ALARMS || seconds > MOST_SECONDS || withModels.added > 0 ? 1 : 0
