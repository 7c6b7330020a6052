import { expect, test, describe } from 'vitest'
import { Random } from '../../src/engine/random.ts'
import { analyse, type AnalysisInput } from '../../src/playbook/analysis.ts'
import type { ForecastLog } from '../../src/playbook/forecasts.ts'
import { DEFAULT_SETTINGS } from '../../src/playbook/settings.ts'
import { tradeLog } from '../../src/playbook/trade-log.ts'
import { loggedTrades } from './books.ts'

/** Forecasts in RANGING (code 2) from confidence 40 on; those below 60 come true as often as it says. */
function forecasts({ count = 900, hitRate = 0.9, change = 0.01, from = 40 }): ForecastLog {
  const random = new Random(5)
  const confidence = Float64Array.from({ length: count }, () => from + random.int(100 - from))
  return {
    regime: new Uint8Array(count).fill(2),
    confidence,
    hit: Uint8Array.from(confidence, (value) => (random.float() < (value < 60 ? hitRate : 0.6) ? 1 : 0)),
    change: new Float64Array(count).fill(change),
  }
}

function review(log: ForecastLog, changes: Partial<AnalysisInput> = {}) {
  const trades = loggedTrades({ count: 600, winRate: { RANGING: 0.6 }, regimes: ['RANGING'] })
  const play = { regime: 'RANGING' as const, leverage: 3, riskRewardRatio: 2, confidenceThreshold: 60 }
  return analyse({
    log: tradeLog(trades),
    plays: [{ ...play, stopLoss: null, takeProfit: null, strategyWeights: [] }],
    settings: { ...DEFAULT_SETTINGS, confidenceThreshold: 0 },
    forecasts: log,
    lowestThreshold: { RANGING: 60 },
    references: [],
    models: [],
    seed: 14,
    ...changes,
  })
}
const thresholds = (result: ReturnType<typeof review>) =>
  result.changes.filter(({ parameter }) => parameter === 'CONFIDENCE_THRESHOLD')
const lowered = (result: ReturnType<typeof review>) =>
  thresholds(result).filter(({ recommended, current }) => recommended < current)

describe('a threshold that was never in force', () => {
  test('is judged by resolved forecasts, marked as such', () => {
    const [change] = lowered(review(forecasts({})))
    expect(change.recommended).toBe(50)
    expect(change.evidence.forecasts).toBeGreaterThan(100)
    expect(change.rationale).toMatch(/\d+ of them are resolved forecasts that nobody traded\.$/)
    const { before, after, interval } = change.expectedEffect!
    expect(after).toBeGreaterThan(before)
    expect(interval.low).toBeGreaterThan(0)
  })

  test('is not judged without forecasts, or where their changes are not known', () => {
    expect(lowered(review(forecasts({ count: 0 })))).toEqual([])
    expect(lowered(review(forecasts({ change: NaN })))).toEqual([])
  })

  test('is not judged where no forecasts above it show what forecasts are worth beside trades', () => {
    const { regime, confidence, hit, change } = forecasts({})
    const below = confidence.map((value) => Math.min(59, value))
    expect(lowered(review({ regime, confidence: below, hit, change }))).toEqual([])
  })

  test('gets nothing from forecasts that promise more than trades bring', () => {
    // forecasts above the threshold promise ten times what trades there bring; those below are no better
    expect(lowered(review(forecasts({ hitRate: 0.6, change: 0.1 })))).toEqual([])
  })

  test('is left alone where forecasts below it fail', () => {
    expect(lowered(review(forecasts({ hitRate: 0.3 })))).toEqual([])
  })

  test('is judged by trades alone where it was in force: forecasts change nothing', () => {
    const numbers = (result: ReturnType<typeof review>) =>
      thresholds(result).map(({ recommended, confidence, expectedEffect }) => [recommended, confidence, expectedEffect])
    const inForce = { lowestThreshold: { RANGING: 50 } }
    const plain = numbers(review(forecasts({ count: 0 }), inForce))
    expect(plain).toHaveLength(1)
    expect(numbers(review(forecasts({ from: 50 }), inForce))).toEqual(plain)
  })
})
