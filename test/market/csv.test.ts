import { describe, expect, test } from 'vitest'
import { CANDLE_COLUMNS } from '../../src/engine/candles.ts'
import { Random } from '../../src/engine/random.ts'
import { parseDecimal } from '../../src/market/collector.ts'
import { csv, HEADER, HOUR, read, refusal, rows, START } from './files.ts'

const first = async (file: string) => {
  const { candles } = await read(file)
  return CANDLE_COLUMNS.map((column) => candles[column][0])
}
const CANDLE = [START, 100, 102, 99, 101, 1]

describe('readCsv knows the columns', () => {
  const [a, b] = rows(2)
  test.each([
    ['with the usual header', csv(a, b)],
    ['without a header', `${a}\n${b}\n`],
    ['without a line end at the end', `${a}\n${b}`],
    ['with CR LF', `${HEADER}\r\n${a}\r\n${b}\r\n`],
    ['with CR alone', `${HEADER}\r${a}\r${b}`],
    ['with semicolons', csv(a, b).replaceAll(',', ';')],
    ['with tabs', csv(a, b).replaceAll(',', '\t')],
    ['with quotes', `"${HEADER.replaceAll(',', '","')}"\n"${a.replaceAll(',', '","')}"\n`],
    ['with spaces', csv(a, b).replaceAll(',', ' , ')],
    ['with a byte order mark', `\uFEFF${csv(a, b)}`],
    ['with blank lines', `\n\n${HEADER}\n\n${a}\n\n${b}\n\n`],
    ['in another order and case', `Volume BTC,CLOSE,Low,high,Open Time,open\n1,101,99,102,${START},100\n`],
    ['by one letter', `t,o,h,l,c,v\n${a}`],
    [
      'beside others',
      `,symbol,timestamp,open,high,low,close,vol,trades\n0,"BTC, or so",${a.slice(0, 14)}100,102,99,101,1,7`,
    ],
    [
      'under an address',
      `https://www.example.org\nunix,date,symbol,open,high,low,close,Volume USDT,Volume BTC\n${START},2024-01-01 00:00:00,BTC/USDT,100,102,99,101,4e5,1`,
    ],
    ["as Binance's own files", `${a},${START + HOUR - 1},100.5,12,0.5,50.1,0\n`],
    ['with seconds', `${START / 1000},100,102,99,101,1`],
    ['with microseconds', `${START}000,100,102,99,101,1`],
    ['with text times', `date,open,high,low,close,volume\n2024-01-01 00:00:00+00:00,100,102,99,101,1`],
  ])('%s', async (_, file) => expect(await first(file)).toEqual(CANDLE))

  test('by exact case first: l is the low, L the last trade', async () => {
    expect(await first(`t,T,L,o,c,h,l,v\n${START},1,7,100,101,102,99,1`)).toEqual(CANDLE)
  })

  test('and says which are nowhere', async () => {
    const { code, problems } = await refusal('time,price,amount\n1704067200,1,2\n')
    expect(code).toBe('INVALID_FORMAT')
    expect(problems[0]).toMatchObject({
      path: ['content', 'row 1'],
      message: expect.stringContaining('no column for open, high, low, close, volume; found: time, price, amount'),
    })
  })
})

describe('readCsv reads numbers', () => {
  test('exactly as Number does, whatever their form', async () => {
    const random = new Random(11)
    const texts = Array.from({ length: 2000 }, () => {
      const whole = String(random.int(10 ** random.int(10)) + 1)
      const digits = random.int(12)
      const fraction = Array.from({ length: digits }, () => random.int(10)).join('')
      return `${random.int(9) === 0 ? '00' : ''}${whole}${digits ? '.' : ''}${fraction}${random.int(9) === 0 ? 'e-3' : ''}`
    })
    const { candles } = await read(
      csv(...texts.map((text, bar) => `${START + bar * HOUR},${text},${text},${text},${text},${text}`)),
    )
    expect(candles.close).toEqual(Float64Array.from(texts, Number))
    expect(candles.volume).toEqual(Float64Array.from(texts, Number))
  })

  test.each([
    '9007199254740993',
    '0.1000000000000000055511151231257827',
    '123456789.123456789',
    '1.',
    '.5',
    '+5',
    '1E2',
    '5e-324',
  ])('and %s too', (text) => expect(parseDecimal(text)).toBe(Number(text)))

  test.each([
    '',
    ' ',
    'null',
    'NaN',
    'Infinity',
    '-Infinity',
    '1e999',
    '0x10',
    '0b1',
    '1_000',
    '1,5',
    '1 000',
    '--1',
    '1e',
    '.',
    '[]',
    'true',
    '١٢',
  ])('but not "%s"', (text) => expect(parseDecimal(text)).toBeNaN())
})

describe('readCsv does not depend on how the bytes arrive', () => {
  const file = csv(...rows(50), '', ...rows(50, START + 60 * HOUR))
  test.each([1, 2, 3, 7, 64, 1000])('in pieces of %i', async (size) => {
    expect(await read(file, { size })).toEqual(await read(file))
  })

  test('and names the row of a problem as well', async () => {
    const bad = csv(...rows(20), 'x,1,1,1,1,1', ...rows(3, START + 30 * HOUR))
    for (const size of [1, 50, 333, Infinity]) {
      expect((await refusal(bad, { size })).problems[0].path).toEqual(['content', 'row 22', 'openTime'])
    }
  })
})
