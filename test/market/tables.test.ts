import { readFileSync } from 'node:fs'
import { Float64, Table, tableToIPC, TimestampNanosecond, Vector, vectorFromArray } from 'apache-arrow'
import { describe, expect, test } from 'vitest'
import { readCandles } from '../../src/market/formats.ts'
import { unpackLz4 } from '../../src/market/lz4.ts'
import type { Timeframe } from '../../src/market/timeframe.ts'
import type { TidyCandles } from '../../src/market/tidy.ts'
import { shared, withShared } from '../shared.ts'
import { csv, HOUR, pieces, read, refusal, rows, START } from './files.ts'

function readShared(name: string, timeframe: Timeframe): Promise<TidyCandles> {
  return readCandles(pieces(readFileSync(`${shared}data/${name}`), 1 << 16), { timeframe, now: 2e12 })
}

withShared('a real file', () => {
  test.each<[kind: string, table: string, twin: string, timeframe: Timeframe]>([
    ['Feather, LZ4', 'BTC_USDT-1h-20170817-20240421.feather', 'BTCUSDT-1h-20170817-20240421.csv.gz', '1h'],
    ['Parquet, Snappy', 'ETHUSDT-5m-20240101-20240906.snappy.parquet', 'ETHUSDT-5m-20240101-20240906.csv.gz', '5m'],
    ['Parquet, zstd', 'BTCUSDT-1d-20170818-20240420.zstd.parquet', 'BTCUSDT-1d-20170818-20240420.csv.gz', '1d'],
  ])('as %s holds the candles of its CSV twin', async (_, table, twin, timeframe) => {
    const [binary, text] = await Promise.all(
      [`binance-${table}`, `binance-${twin}`].map((name) => readShared(name, timeframe)),
    )
    expect(binary.candles).toEqual(text.candles)
  })
})

/** Thirty candles as Arrow columns; `volume` may be something else. */
function feather(names: string[], volume: unknown[] = Array.from({ length: 30 }, (_, bar) => bar + 1)): Uint8Array {
  const times = Array.from({ length: 30 }, (_, bar) => START + bar * HOUR)
  const column = (value: (bar: number) => number) =>
    vectorFromArray(
      times.map((_, bar) => value(bar)),
      new Float64(),
    )
  const columns: Vector[] = [
    vectorFromArray(times, new TimestampNanosecond('UTC')),
    column(() => 100),
    column((bar) => 102 + bar),
    column(() => 99),
    column(() => 101),
    vectorFromArray(volume as number[], new Float64()),
  ]
  return tableToIPC(new Table(Object.fromEntries(names.map((name, at) => [name, columns[at]]))), 'file')
}

const NAMES = ['date', 'open', 'high', 'low', 'close', 'volume']

describe('Feather', () => {
  test('is read by the names of its columns', async () => {
    expect((await read(feather(NAMES))).candles).toEqual((await read(csv(...rows(30)))).candles)
  })

  test('that lacks a column names those it has', async () => {
    const { code, problems } = await refusal(feather([...NAMES.slice(0, 5), 'turnover']))
    expect(code).toBe('INVALID_FORMAT')
    expect(problems[0].message).toContain('no column for volume; found: date, open')
  })

  test('with an empty cell names its row', async () => {
    const volume = Array.from({ length: 30 }, (_, bar) => (bar === 16 ? null : 1))
    const { code, problems } = await refusal(feather(NAMES, volume))
    expect({ code, path: problems[0].path }).toEqual({ code: 'INVALID_NUMBER', path: ['content', 'row 17', 'volume'] })
  })

  test.each([Number.NaN, Infinity, -1])('with %d as volume is refused', async (bad) => {
    const { problems } = await refusal(feather(NAMES, [bad, ...Array.from({ length: 29 }, () => 1)]))
    expect(problems[0].path).toEqual(['content', 'row 1', 'volume'])
  })

  test.each([
    ['cut', feather(NAMES).subarray(0, 300)],
    ['only its beginning', Buffer.from('ARROW1\0\0')],
    ['of noise', Buffer.from(`ARROW1\0\0${'x'.repeat(500)}ARROW1`)],
  ])('%s is INVALID_FORMAT', async (_, bytes) => {
    expect((await refusal(bytes)).code).toBe('INVALID_FORMAT')
  })

  test('of version 1 is told from version 2', async () => {
    const { code, problems } = await refusal(Buffer.from('FEA1....'))
    expect(code).toBe('UNSUPPORTED_FORMAT')
    expect(problems[0].message).toContain('version 1')
  })
})

describe('Parquet', () => {
  test.each([
    ['only its beginning', Buffer.from('PAR1')],
    ['of noise', Buffer.from(`PAR1${'x'.repeat(500)}PAR1`)],
    ['with a footer longer than itself', Buffer.from('PAR1xxxx\xff\xff\xff\x00PAR1', 'latin1')],
  ])('%s is INVALID_FORMAT', async (_, bytes) => {
    expect((await refusal(bytes)).code).toBe('INVALID_FORMAT')
  })
})

/** A frame of one block without checksums. */
function frame(block: number[], stored = false): Uint8Array {
  const size = [block.length & 255, block.length >> 8, 0, stored ? 0x80 : 0]
  return Uint8Array.from([0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0, ...size, ...block, 0, 0, 0, 0])
}

describe('an LZ4 frame', () => {
  const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString()
  const letters = [...Buffer.from('abc')]

  test('repeats what it has just written', () => {
    // three literals, a match of 4 + 5 bytes at distance 3, one literal
    expect(text(unpackLz4(frame([0x35, ...letters, 3, 0, 0x10, 122]), 100))).toBe('abcabcabcabcz')
  })

  test('counts long lengths in further bytes', () => {
    const unpacked = unpackLz4(frame([0x1f, 120, 1, 0, 255, 6, 0x10, 121]), 1000)
    expect(text(unpacked)).toBe(`${'x'.repeat(1 + 4 + 15 + 255 + 6)}y`)
  })

  test('may hold a block as it is', () => {
    expect(text(unpackLz4(frame(letters, true), 100))).toBe('abc')
  })

  test.each([
    ['a match before the beginning', frame([0x10, 97, 9, 0, 0x10, 98]), 100],
    ['more than allowed', frame([0x1f, 120, 1, 0, 255, 255, 255, 0, 0x10, 121]), 500],
    ['a cut block', frame([0x35, ...letters, 3, 0, 0x10, 122]).subarray(0, 14), 100],
    ['no frame', Uint8Array.from({ length: 20 }, () => 1), 100],
  ])('with %s is refused', (_, bytes, maxBytes) => {
    expect(() => unpackLz4(bytes, maxBytes)).toThrow(RangeError)
  })
})

describe('rows without names', () => {
  /** open, close, high, low */
  const jesse = (bar: number): string => `${START + bar * HOUR},100,101,${102 + bar},99,${bar + 1}`
  const flat = (bar: number): string => `${START + bar * HOUR},100,100,100,100,${bar + 1}`
  const bars = Array.from({ length: 30 }, (_, bar) => bar)

  test('may have the close second, as jesse and Bitfinex write them', async () => {
    const expected = (await read(csv(...rows(30)))).candles
    expect((await read(`${bars.map(jesse).join('\n')}\n`)).candles).toEqual(expected)
    expect((await read(`[${bars.map((bar) => `[${jesse(bar)}]`).join(',')}]`)).candles).toEqual(expected)
  })

  test('say nothing of their order while all four prices are equal', async () => {
    const { candles } = await read(`${bars.map((bar) => (bar < 5 ? flat(bar) : jesse(bar))).join('\n')}\n`)
    expect([...candles.high.subarray(4, 6)]).toEqual([100, 107])
  })

  test('keep the order that the first of them tells', async () => {
    const mixed = bars.map((bar) => (bar === 20 ? rows(30)[20] : jesse(bar)))
    const { problems } = await refusal(`${mixed.join('\n')}\n`)
    expect(problems.map(({ path }) => path[1])).toEqual(['row 21'])
  })
})
