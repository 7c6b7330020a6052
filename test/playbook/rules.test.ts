import { describe, expect, test } from 'vitest'
import { attribute } from '../../src/playbook/attribution.ts'
import { monthlyCap, sessionCap } from '../../src/playbook/caps.ts'
import { recommendationConfidence } from '../../src/playbook/confidence.ts'
import { dataQuality } from '../../src/playbook/data-quality.ts'
import { parameterStability, recommendationAccuracy } from '../../src/playbook/kpis.ts'
import { leverageRule } from '../../src/playbook/leverage-rule.ts'
import { riskRewardRule } from '../../src/playbook/risk-reward-rule.ts'
import { riskClass } from '../../src/playbook/risk-class.ts'
import { shrunkWinRate, shrunkWinRateInterval } from '../../src/playbook/shrinkage.ts'
import { strategyWeightRule } from '../../src/playbook/strategy-weight-rule.ts'
import { THRESHOLDS, thresholdRule } from '../../src/playbook/threshold-rule.ts'
import { MARKET_REGIMES } from '../../src/market/regimes.ts'
import { goldenIfThere, isClose, withShared } from '../shared.ts'

// oxlint-disable-next-line typescript/no-explicit-any -- golden cases have a shape each
type Case = any

const file = goldenIfThere('playbook.json', {})
const statistics = goldenIfThere('statistics.json', {})
const table = (name: string): Case[] => file[name]?.table ?? [{}]

/** Every number of the golden answer, by its name in ours. */
function expectLike(actual: Record<string, unknown>, expected: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(expected)) {
    const mine = actual[name]
    if (typeof value === 'number' || value === null) {
      expect(isClose(mine as number, value), `${name}: ${String(mine)} should be ${value}`).toBe(true)
    } else if (typeof value === 'string' || typeof value === 'boolean') expect(mine, name).toBe(value)
    else if (Array.isArray(value)) {
      expect((mine as unknown[]).length, name).toBe(value.length)
      value.forEach((item, at) => expectLike({ item: (mine as unknown[])[at] }, { item }))
    } else expectLike(mine as Record<string, unknown>, value as Record<string, unknown>)
  }
}

withShared('the golden rules', () => {
  test.each(table('leverageRule'))('leverage %#', ({ expected, leverage, maxLeverage, ...evidence }: Case) => {
    expectLike({ ...leverageRule(evidence, leverage, { min: 1, max: maxLeverage }) }, expected)
  })

  test.each(table('riskRewardRule'))(
    'risk and reward %#',
    ({ target, avgWin, avgLoss, wins, losses, expected }: Case) => {
      const advice = riskRewardRule({ wins, losses, averageWin: avgWin, averageLoss: avgLoss }, target)
      expectLike({ actual: advice.actual, new: advice.newRatio, reason: advice.reason }, expected)
    },
  )

  test.each(['mixed', 'censored', 'allNegative', 'few'])('confidence threshold, %s', (name) => {
    const { trades, minimumThresholdInForce, current, expected } = file.confidenceThreshold[name]
    const all: Case[] = trades ?? file.confidenceThreshold.mixed.trades.filter((one: Case) => one.confidence >= 60)
    const evidence = THRESHOLDS.map((threshold) => {
      const taken = all.filter(({ confidence }) => confidence >= threshold)
      const pnl = taken.reduce((sum, one) => sum + one.pnl, 0)
      return { trades: taken.length, wins: taken.filter((one) => one.pnl > 0).length, pnl }
    })
    expectLike({ ...thresholdRule(evidence, minimumThresholdInForce, current) }, expected)
  })

  test.each(table('strategyWeights'))('strategy weights %#', ({ current, trades, meanReturn, expected }: Case) => {
    const evidence = current.map((_: number, at: number) => ({ trades: trades[at], meanReturn: meanReturn[at] }))
    const { shrunk, target, step, weights, reason } = strategyWeightRule(current, evidence)
    if (expected.target === null) expect(target).toBeNull()
    expectLike({ shrunk, target, step, new: weights, reason }, expected)
  })

  test.each(table('riskClass'))('risk class %#', ({ parameter, old, new: next, expected }: Case) => {
    expectLike({ ...riskClass(parameter, old, next) }, expected)
  })

  test.each(table('sessionCap'))('cap of a review %#', ({ old, target, capped }: Case) => {
    expectLike({ capped: sessionCap(old, target, 0.3) }, { capped })
  })

  test.each(table('dataQuality'))('data quality %#', ({ expected, ...facts }: Case) => {
    const { eligible: _, ...numbers } = expected
    expectLike({ ...dataQuality(facts) }, numbers)
  })

  test.each(table('recommendationConfidence'))(
    'confidence %#',
    ({ bootstrapProbability, dataQuality: quality, confidence }: Case) => {
      expect(recommendationConfidence(bootstrapProbability, quality)).toBe(confidence)
    },
  )

  test('attribution, as it is and with a shift', () => {
    const { before, after, expected, shifted } = file.attribution
    const side = (trades: Case[], add = 0) => ({
      regime: trades.map(({ regime }) => MARKET_REGIMES.indexOf(regime)),
      profitRatio: trades.map(({ ret }) => ret + add),
    })
    const plain = attribute(side(before), side(after))!
    const { strata, ...numbers } = expected
    expectLike({ ...plain }, numbers)
    expect(new Set(plain.strata)).toEqual(new Set(strata))
    const { strata: _, ...shiftedNumbers } = shifted.expected
    expectLike({ ...attribute(side(before), side(after, shifted.addToAfter))! }, shiftedNumbers)
  })

  test.each(table('parameterStability'))('parameter stability %#', ({ relativeChanges, ...expected }: Case) => {
    expectLike({ ...parameterStability(relativeChanges) }, expected)
  })

  test.each(table('recommendationAccuracy'))('recommendation accuracy %#', (row: Case) => {
    const { value, interval } = recommendationAccuracy(row.improved, row.worsened)
    expectLike(
      { value, low: interval?.low ?? null, high: interval?.high ?? null },
      {
        value: row.recommendationAccuracy,
        low: row.low95 ?? null,
        high: row.high95 ?? null,
      },
    )
  })

  test.each((statistics.betaBinomial?.table ?? [{}]) as Case[])('shrunk win rate %#', (row: Case) => {
    const { low, high } = shrunkWinRateInterval(row.wins, row.n, row.overallRate)!
    expectLike(
      { posteriorMean: shrunkWinRate(row.wins, row.n, row.overallRate), low90: low, high90: high },
      { posteriorMean: row.posteriorMean, low90: row.low90, high90: row.high90 },
    )
  })
})

describe('the cap of 30 days', () => {
  test('holds in sum, however many reviews there are', () => {
    let value = 2
    for (let review = 0; review < 10; review++) value = monthlyCap(2, value, sessionCap(value, value * 1.3, 0.3), 0.5)
    expect(value).toBe(3)
  })

  test('lets a value that is beyond it come back but go no farther', () => {
    expect(monthlyCap(2, 5, 6, 0.5)).toBe(5)
    expect(monthlyCap(2, 5, 4, 0.5)).toBe(4)
  })
})
