import { describe, expect, test } from 'vitest'
import { csv, HEADER, HOUR, read, refusal, rows, START } from './files.ts'

/** One good row in front and behind, and a poisoned one in row 3. */
const poisoned = (row: string) => csv(...rows(1), row, ...rows(1, START + 2 * HOUR))
const at = START + HOUR

describe('a poisoned row', () => {
  test.each([
    ['NaN', `${at},NaN,102,99,101,1`, 'INVALID_NUMBER', 'open'],
    ['Infinity', `${at},100,Infinity,99,101,1`, 'INVALID_NUMBER', 'high'],
    ['1e999', `${at},100,102,99,1e999,1`, 'INVALID_NUMBER', 'close'],
    ['a price of -0', `${at},100,102,-0,101,1`, 'INVALID_NUMBER', 'low'],
    ['a volume of 1e308', `${at},100,102,99,101,1e308`, 'INVALID_NUMBER', 'volume'],
    ['an empty cell', `${at},100,102,,101,1`, 'INVALID_NUMBER', 'low'],
    ['null', `${at},100,null,99,101,1`, 'INVALID_NUMBER', 'high'],
    ['[]', `${at},100,102,99,101,[]`, 'INVALID_NUMBER', 'volume'],
    ['0x10', `${at},0x10,102,99,101,1`, 'INVALID_NUMBER', 'open'],
    ['"1,5"', `${at},"1,5",102,99,101,1`, 'INVALID_NUMBER', 'open'],
    ['1,5 unquoted', `${at},1,5,102,99,101,1`, 'INVALID_NUMBER', undefined],
    ['a cell too few', `${at},100,102,99,101`, 'INVALID_NUMBER', undefined],
    ['high below low', `${at},100,98,99,98.5,1`, 'INVALID_CANDLE', 'high'],
    ['a close outside', `${at},100,102,99,103,1`, 'INVALID_CANDLE', 'high'],
    ['a price of 0', `${at},100,102,0,101,1`, 'INVALID_CANDLE', 'low'],
    ['a negative price', `${at},-100,102,-101,101,1`, 'INVALID_CANDLE', 'open'],
    ['a negative volume', `${at},100,102,99,101,-1`, 'INVALID_CANDLE', 'volume'],
    ['30 February', `2024-02-30,100,102,99,101,1`, 'INVALID_TIMESTAMP', 'openTime'],
    ['seconds among milliseconds', `${at / 1000},100,102,99,101,1`, 'INVALID_TIMESTAMP', 'openTime'],
    ['microseconds among milliseconds', `${at}000,100,102,99,101,1`, 'INVALID_TIMESTAMP', 'openTime'],
    ['the year 10000', `10000-01-01T00:00:00Z,100,102,99,101,1`, 'INVALID_TIMESTAMP', 'openTime'],
    ['a time of infinity', `infinity,100,102,99,101,1`, 'INVALID_TIMESTAMP', 'openTime'],
    ['no time', `,100,102,99,101,1`, 'INVALID_TIMESTAMP', 'openTime'],
    ['a time off the grid', `${at + 1},100,102,99,101,1`, 'INVALID_TIMESTAMP', 'openTime'],
    ['a formula', `=HYPERLINK("x"),100,102,99,101,1`, 'INVALID_TIMESTAMP', 'openTime'],
    ['another row of the same time', `${START},100,103,99,101,1`, 'DUPLICATE_TIMESTAMP', 'high'],
  ])('with %s is refused with code, row and column', async (_, row, code, column) => {
    const { code: found, problems } = await refusal(poisoned(row))
    expect(found).toBe(code)
    expect(problems[0]).toMatchObject({ code, path: ['content', 'row 3', ...(column ? [column] : [])] })
    expect(problems[0].message.length).toBeGreaterThan(20)
  })
})

describe('a file', () => {
  test.each([
    ['that is empty', ''],
    ['of white space', ' \n\n'],
    ['of a header', `${HEADER}\n`],
    ['of an empty array', '[ ]'],
  ])('%s has not enough data', async (_, file) => {
    const { code, problems } = await refusal(file)
    expect(code).toBe('NOT_ENOUGH_DATA')
    expect(problems[0].message).toContain('At least one is needed')
  })

  test('names every problem of every row at once', async () => {
    const { problems } = await refusal(csv(`${START},x,102,99,y,1`, ...rows(1, at), `${at + HOUR},1,2,3,4,-1`))
    expect(problems.map(({ path }) => path.slice(1).join(' '))).toEqual(['row 2 open', 'row 2 close', 'row 4 volume'])
  })

  test('of a constant price without volume is fine, and so is one huge spike', async () => {
    const flat = Array.from({ length: 5 }, (_, bar) => `${START + bar * HOUR},100,100,100,100,0`)
    expect((await read(csv(...flat))).candles.close).toEqual(new Float64Array(5).fill(100))
    expect((await read(csv(...flat, `${START + 5 * HOUR},100,1e12,1e-9,100,1`))).candles.high[5]).toBe(1e12)
  })

  test('with a volume of -0 has a volume of 0, to the bit', async () => {
    const { candles } = await read(csv(`${START},100,102,99,101,-0`))
    expect(Object.is(candles.volume[0], 0)).toBe(true)
  })
})
