import { describe, expect, test } from 'vitest'
import { HOUR, read, refusal, START } from './files.ts'

const arrays = Array.from({ length: 40 }, (_, bar) => [START + bar * HOUR, 100, 102.5, 99, 101.25, bar])
const objects = arrays.map(([time, open, high, low, close, volume]) => ({
  symbol: 'a,[b]}"',
  time,
  open,
  high,
  low,
  close,
  volume,
}))
const strings = arrays.map(([time, ...values]) => [time, ...values.map(String), 'ignored', { more: [1, 2] }])
const iso = objects.map((row) => ({ ...row, time: new Date(row.time).toISOString() }))

const FORMS: [name: string, file: string][] = [
  ['an array of ccxt arrays', JSON.stringify(arrays)],
  ['an array with white space', ` \n${JSON.stringify(arrays, null, 2)}\n `],
  ['an array of objects', JSON.stringify(objects)],
  ['numbers as strings', JSON.stringify(strings)],
  ['times as text', JSON.stringify(iso)],
  ['arrays, one a line', arrays.map((row) => JSON.stringify(row)).join('\n')],
  ['objects, one a line, with blank lines', `${objects.map((row) => JSON.stringify(row)).join('\r\n\n')}\n`],
]

describe.each(FORMS)('%s', (_, file) => {
  test.each([1, 13, 100, Infinity])('in pieces of %i', async (size) => {
    const { candles } = await read(file, { size })
    expect([...candles.openTime]).toEqual(arrays.map(([time]) => time))
    expect(candles.high[3]).toBe(102.5)
    expect([...candles.volume]).toEqual(arrays.map((row) => row[5]))
  })
})

const good = JSON.stringify(arrays[0])

describe('an array says', () => {
  test.each([
    ['where it is no JSON', `[${good},[1704070800000,,]]`, 'INVALID_FORMAT', ['content', 'row 2']],
    ['that it was cut', `[${good},[17040708`, 'INVALID_FORMAT', ['content', 'row 2']],
    ['that a string was cut', `[${good},["17040708`, 'INVALID_FORMAT', ['content', 'row 2']],
    ['that more follows', `[${good}] [1]`, 'INVALID_FORMAT', ['content', 'row 2']],
    ['that it is nested too deeply', '['.repeat(100_000), 'INVALID_FORMAT', ['content', 'row 1']],
    ['which element is no candle', `[${good},"candle"]`, 'INVALID_FORMAT', ['content', 'row 2']],
    [
      'which value is no number',
      `[${good},[1704070800000,100,null,99,101,1]]`,
      'INVALID_NUMBER',
      ['content', 'row 2', 'high'],
    ],
    [
      'which number is too large',
      `[${good},[1704070800000,100,1e999,99,101,1]]`,
      'INVALID_NUMBER',
      ['content', 'row 2', 'high'],
    ],
    [
      'which value is missing',
      `[${good},[1704070800000,100,102,99,101]]`,
      'INVALID_NUMBER',
      ['content', 'row 2', 'volume'],
    ],
    [
      'which value is an array',
      `[${good},[1704070800000,[],102,99,101,1]]`,
      'INVALID_NUMBER',
      ['content', 'row 2', 'open'],
    ],
    [
      'which text is no number',
      `[${good},[1704070800000,"0x10",102,99,101,1]]`,
      'INVALID_NUMBER',
      ['content', 'row 2', 'open'],
    ],
    [
      'which value is NaN',
      `[${good},[1704070800000,100,NaN,99,101,1]]`,
      'INVALID_NUMBER',
      ['content', 'row 2', 'high'],
    ],
    ['that it is empty', '[]', 'NOT_ENOUGH_DATA', ['content']],
  ])('%s', async (_, file, code, path) => {
    const { problems, code: found } = await refusal(file)
    expect({ code: found, path: problems[0].path }).toEqual({ code, path })
  })

  test('never more than a few hundred bytes, however large the nonsense', async () => {
    const { problems } = await refusal(`[${good},${'x'.repeat(60_000)}]`)
    expect(JSON.stringify(problems).length).toBeLessThan(1000)
  })
})

describe('lines say', () => {
  test.each([
    ['which is no JSON', `${good}\n[1704070800000,`, 'INVALID_FORMAT', ['content', 'row 2']],
    [
      'which value is NaN',
      `${good}\n[1704070800000,100,102,99,101,-Infinity]`,
      'INVALID_NUMBER',
      ['content', 'row 2', 'volume'],
    ],
    ['which is no candle', `${good}\n\n7`, 'INVALID_FORMAT', ['content', 'row 3']],
    ['which names are missing', '{"time":1704067200,"price":3}', 'INVALID_FORMAT', ['content', 'row 1']],
    [
      'which value is missing',
      `${JSON.stringify(objects[0])}\n{"time":1704070800000}`,
      'INVALID_NUMBER',
      ['content', 'row 2', 'open'],
    ],
  ])('%s', async (_, file, code, path) => {
    const { problems, code: found } = await refusal(file)
    expect({ code: found, path: problems[0].path }).toEqual({ code, path })
  })

  test('a __proto__ member is only a name', async () => {
    const evil = `{"__proto__":{"polluted":1},${JSON.stringify(objects[0]).slice(1)}\n${JSON.stringify(objects[1])}`
    expect((await read(evil)).candles.openTime).toHaveLength(2)
    expect(({} as { polluted?: number }).polluted).toBeUndefined()
  })
})
