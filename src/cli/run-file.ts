import type { Client } from './client.ts'
import { usageFailure } from './failure.ts'
import { checkInput, inputFields, unknownName } from './input-check.ts'
import { isObject, type JsonObject } from './json-file.ts'
import { findMarket, findStrategyId, type MarketInfo } from './lookup.ts'
import { lastSpan, parseSpan } from './span.ts'

/** A file's own words for fields of the API that want ids or dates. */
const TUNE_WORDS = { strategy: 'strategyId', market: 'marketId', training: 'trainingPeriod', test: 'testPeriod' }
const BACKTEST_WORDS = { strategy: 'strategyId', market: 'marketId', last: 'from' }

/**
 * Turn a tune file into the input of createTuningJob: the same fields, but the strategy by name, the market as
 * { exchange, symbol, timeframe }, and periods as dates or as spans back from the end of the market ("2 weeks"): the
 * test last, the training right before it.
 *
 * @throws CliFailure every unknown field and bad value; no such strategy or market; fewer candles than asked for
 */
export async function tuningInput(client: Client, path: string, file: JsonObject): Promise<JsonObject> {
  refuseUnknown(path, file, 'CreateTuningJobInput', TUNE_WORDS)
  const { strategy, market, training, test, ...rest } = file
  const marketInfo = await findMarket(client, market ?? rest.marketId)
  const testPeriod = test === undefined ? rest.testPeriod : periodOf('test', test, marketInfo, end(marketInfo))
  const before = isObject(testPeriod) ? Date.parse(String(testPeriod.from)) : NaN
  const input: JsonObject = {
    ...rest,
    strategyId: await findStrategyId(client, strategy ?? rest.strategyId),
    marketId: marketInfo.id,
    testPeriod,
    trainingPeriod: training === undefined ? rest.trainingPeriod : periodOf('training', training, marketInfo, before),
  }
  checkInput(path, 'CreateTuningJobInput', withoutUndefined(input))
  return withoutUndefined(input)
}

/** The same for a backtest: `from` and `to`, or `last` for a span back from the end of the market. */
export async function backtestInput(client: Client, path: string, file: JsonObject): Promise<JsonObject> {
  refuseUnknown(path, file, 'BacktestInput', BACKTEST_WORDS)
  const { strategy, market, last, ...rest } = file
  if (last !== undefined && (rest.from !== undefined || rest.to !== undefined)) {
    throw usageFailure(`${path}: give either last or from and to, not both.`)
  }
  const marketInfo = await findMarket(client, market ?? rest.marketId)
  const period = last === undefined ? {} : lastSpan('last', parseSpan(last, 'last'), end(marketInfo), start(marketInfo))
  const input: JsonObject = {
    ...rest,
    ...period,
    strategyId: await findStrategyId(client, strategy ?? rest.strategyId),
    marketId: marketInfo.id,
  }
  checkInput(path, 'BacktestInput', input)
  return input
}

function refuseUnknown(path: string, file: JsonObject, typeName: string, words: Record<string, string>): void {
  const known = [...Object.keys(words), ...inputFields(typeName)]
  const problems = Object.keys(file)
    .filter((name) => !known.includes(name))
    .map((name) => unknownName(name, known))
  for (const [word, field] of Object.entries(words)) {
    if (word !== 'last' && file[word] !== undefined && file[field] !== undefined) {
      problems.push(`${word} and ${field} say the same; give one of them.`)
    }
  }
  if (problems.length > 0) throw usageFailure(problems.map((problem) => `${path}: ${problem}`).join('\n'))
}

/** @param before where a span ends, ms; NaN where that is not known */
function periodOf(name: string, value: unknown, market: MarketInfo, before: number): unknown {
  if (isObject(value)) return value
  const span = parseSpan(value, name)
  if (Number.isNaN(before)) throw usageFailure(`${name}: a span ends where the test begins; give the test period too.`)
  return lastSpan(name, span, before, start(market))
}

function start({ from }: MarketInfo): number {
  return Date.parse(from ?? '')
}

function end({ to }: MarketInfo): number {
  return Date.parse(to ?? '')
}

function withoutUndefined(input: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined))
}
