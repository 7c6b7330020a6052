import { describe, expect, test } from 'vitest'
import { Random } from '../../src/engine/random.ts'
import { contentHash } from '../../src/market/merge.ts'
import { csv, HOUR, read, refusal, rows, START } from './files.ts'

describe('duplicates', () => {
  test('that are equal are dropped and counted', async () => {
    const lines = rows(10)
    const { candles, duplicates, warnings } = await read(csv(...lines, lines[3], lines[3], lines[9]))
    expect(candles).toEqual((await read(csv(...lines))).candles)
    expect(duplicates).toBe(3)
    expect(warnings.join()).toContain('3 rows repeated an earlier one')
  })

  test('that differ name both rows', async () => {
    const { code, problems } = await refusal(csv(...rows(5), `${START + 2 * HOUR},100,104,99,101,4`))
    expect(code).toBe('DUPLICATE_TIMESTAMP')
    expect(problems[0].path).toEqual(['content', 'row 7', 'volume'])
    expect(problems[0].message).toContain('stands in row 4 too, with another volume: 4 against 3')
  })
})

test('rows out of order give the candles of the ordered file, bit for bit', async () => {
  const lines = rows(300)
  const shuffled = Array.from(new Random(5).permutation(300), (at) => lines[at])
  const { candles, warnings } = await read(csv(...shuffled))
  expect(contentHash(candles)).toBe(contentHash((await read(csv(...lines))).candles))
  expect(warnings).toEqual(['The rows were not in order of time and have been sorted.'])
})

describe('candles that are not finished', () => {
  test('are left out', async () => {
    const { candles, warnings } = await read(csv(...rows(10)), { now: START + 8.5 * HOUR })
    expect(candles.openTime).toHaveLength(8)
    expect(warnings[0]).toContain('2 candles at the end were not finished yet')
  })

  test('closing this very moment are finished', async () => {
    expect((await read(csv(...rows(10)), { now: START + 10 * HOUR })).candles.openTime).toHaveLength(10)
  })

  test('alone are not enough', async () => {
    expect((await refusal(csv(...rows(2)), { now: START })).code).toBe('NOT_ENOUGH_DATA')
  })
})

describe('open times', () => {
  test('off the grid name row and remedy', async () => {
    const { code, problems } = await refusal(csv(...rows(5), `${START + 5 * HOUR + 1},100,102,99,101,1`))
    expect(code).toBe('INVALID_TIMESTAMP')
    expect(problems).toHaveLength(1)
    expect(problems[0].path).toEqual(['content', 'row 7', 'openTime'])
    expect(problems[0].message).toContain('2024-01-01T05:00:00.001Z is not the start of a 1h candle')
  })

  test('of weeks that begin on Thursday name Monday', async () => {
    const thursdays = rows(5, START + 72 * HOUR, 168 * HOUR)
    const { problems } = await refusal(csv(...thursdays), { timeframe: '1w' })
    expect(problems[0].message).toContain('Weeks begin on Monday')
  })

  test.each([
    ['shorter', rows(20, START, 300_000), '1h', 'holds 5m candles, not 1h'],
    ['longer', rows(20), '1m', 'Import it with timeframe "1h"'],
    ['shorter and newest first', rows(20, START, 300_000).toReversed(), '1h', 'holds 5m candles, not 1h'],
  ] as const)('that are %s apart than stated name the timeframe, once', async (_, lines, timeframe, message) => {
    const { code, problems } = await refusal(csv(...lines), { timeframe })
    expect(code).toBe('INVALID_TIMESTAMP')
    expect(problems).toHaveLength(1)
    expect(problems[0].message).toContain(message)
  })
})
