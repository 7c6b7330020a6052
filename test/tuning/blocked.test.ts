import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { StrategyDefinition } from '../../src/strategy/strategy.ts'
import { blockingConditions, conjuncts } from '../../src/tuning/blocked.ts'
import { jobCandles } from '../../src/tuning/candles.ts'
import { Evaluator } from '../../src/tuning/evaluator.ts'
import { createTuningJob } from '../../src/tuning/service.ts'
import { settingsOf, type TuningSettings } from '../../src/tuning/settings.ts'
import type { TuningJobRow } from '../../src/tuning/table.ts'
import { testContext, type TestContext } from '../helpers.ts'
import { smallJob } from './jobs.ts'

let ctx: TestContext
let job: TuningJobRow
beforeAll(async () => {
  ctx = await testContext()
  job = await createTuningJob(ctx, await smallJob(ctx))
})
afterAll(() => ctx.close())

describe('the conditions of a rule', () => {
  test.each([
    ['a < 1', ['a < 1']],
    ['a < 1 and b > 2', ['a < 1', 'b > 2']],
    ['a < 1 and (b > 2 or c > 3) and not d > 4', ['a < 1', '(b > 2 or c > 3)', 'not d > 4']],
    ['(a < 1 and b > 2) and c > 3', ['a < 1', 'b > 2', 'c > 3']],
    ['a < 1 or b > 2 and c > 3', ['a < 1 or b > 2 and c > 3']],
    ['not (a < 1 and b > 2)', ['not (a < 1 and b > 2)']],
    ['crosses_above(ema(a), ema(b))\n  and use_filter', ['crosses_above(ema(a), ema(b))', 'use_filter']],
  ])('of %j are %j', (rule, conditions) => {
    expect(conjuncts(rule)).toEqual(conditions)
  })
})

const uniform = (name: string) => ({ name, distribution: 'UNIFORM' as const, low: 0, high: 100 })

async function blocking(rules: Partial<StrategyDefinition>, rows: number[][]): Promise<string[]> {
  const strategy = { name: 'test', stopLoss: '0.02', parameterSpace: [], constraints: [], ...rules }
  const settings: TuningSettings = { ...settingsOf(job), strategy }
  const evaluator = new Evaluator(ctx.engine, await jobCandles(ctx, { ...job, strategy }), settings)
  return blockingConditions(evaluator, Float64Array.from(rows.flat()), settings)
}

describe('what kept samples from trading', () => {
  test('is the condition that was never true', async () => {
    const rule = 'rsi(14) < under and close > 0 and adx(14) > strong'
    const parameterSpace = [uniform('under'), uniform('strong')]
    expect(await blocking({ enterLong: rule, parameterSpace }, [[30, 99.9]])).toEqual([
      'In enterLong "adx(14) > strong" was true on no training bar. Loosen it, or change the range of strong.',
    ])
    expect(await blocking({ enterLong: rule, parameterSpace }, [[0.1, 20]])).toEqual([
      'In enterLong "rsi(14) < under" was true on no training bar. Loosen it, or change the range of under.',
    ])
  })

  test('is the condition that was true least often, where all were true at times but never together', async () => {
    const [sentence] = await blocking(
      { enterLong: 'rsi(14) < under and rsi(14) > over', parameterSpace: [uniform('under'), uniform('over')] },
      [
        [30, 60],
        [30, 65],
      ],
    )
    expect(sentence).toMatch(
      /^In enterLong "rsi\(14\) (< under|> over)" was true on [\d.]+ % of the training bars, and never together with the others\. Loosen it, or change the range of (under|over)\.$/,
    )
  })

  test('is counted right: a condition that holds on half of the bars is true on half of them', async () => {
    const [sentence] = await blocking({ enterLong: 'close > close[1] and close < 0' }, [[]])
    expect(sentence).toBe('In enterLong "close < 0" was true on no training bar. Loosen it.')
    const [other] = await blocking({ enterLong: 'close > close[1] and close <= close[1]' }, [[]])
    const share = Number(/true on ([\d.]+) %/.exec(other)![1])
    expect(share).toBeGreaterThan(40)
    expect(share).toBeLessThan(51)
  })

  test('is told for each side', async () => {
    const sides = { enterLong: 'rsi(14) < under', enterShort: 'rsi(14) > over' }
    expect(await blocking({ ...sides, parameterSpace: [uniform('under'), uniform('over')] }, [[0, 100]])).toEqual([
      'In enterLong "rsi(14) < under" was true on no training bar. Loosen it, or change the range of under.',
      'In enterShort "rsi(14) > over" was true on no training bar. Loosen it, or change the range of over.',
    ])
  })

  test('is the exit rule, where it cancels every entry', async () => {
    const rules = { enterLong: 'rsi(14) < under', exitLong: 'rsi(14) < under + 10', parameterSpace: [uniform('under')] }
    expect(await blocking(rules, [[40]])).toEqual([
      expect.stringMatching(
        /^enterLong was true on [\d.]+ % of the training bars, but always together with the exit rule or the opposite entry, which cancel it\. Make them exclude each other\.$/,
      ),
    ])
  })

  test('may be a switch that is off', async () => {
    const parameterSpace = [uniform('under'), { name: 'trade', distribution: 'BOOLEAN' as const }]
    expect(await blocking({ enterLong: 'rsi(14) < under and trade', parameterSpace }, [[30, 0]])).toEqual([
      'In enterLong "trade" was true on no training bar. Loosen it, or change the range of trade.',
    ])
  })

  test('is found in rules as deep as they may be', async () => {
    const nested = (depth: number) => `${'('.repeat(depth)}close < 0${')'.repeat(depth)}`
    expect(await blocking({ enterLong: nested(30) }, [[]])).toEqual([
      `In enterLong "${nested(30)}" was true on no training bar. Loosen it.`,
    ])
    expect(await blocking({ enterLong: nested(32) }, [[]])).toEqual(['Loosen enterLong.'])
  })
})
