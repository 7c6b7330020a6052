import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sliceCandles } from '../../src/engine/candles.ts'
import { ConflictError, NotFoundError, ValidationError } from '../../src/errors.ts'
import { CHUNK_BARS } from '../../src/market/chunks.ts'
import { contentHash } from '../../src/market/merge.ts'
import { checkMarketName } from '../../src/market/name.ts'
import { resample } from '../../src/market/resample.ts'
import {
  countMarkets,
  createSyntheticMarket,
  findMarketByName,
  getMarket,
  importCandles,
  importCandleStream,
  listMarkets,
  loadCandles,
  storeCandles,
} from '../../src/market/service.ts'
import { syntheticCandles } from '../../src/market/synthetic.ts'
import { candleChunks } from '../../src/market/table.ts'
import { type Timeframe, TIMEFRAMES } from '../../src/market/timeframe.ts'
import { testContext, type TestContext } from '../helpers.ts'
import { readCandles, shared, withShared } from '../shared.ts'
import { csv, HOUR, pieces, rows, START } from './files.ts'

let ctx: TestContext
beforeAll(async () => {
  ctx = await testContext()
  mkdirSync(join(ctx.config.home, 'import'))
})
afterAll(() => ctx.close())

let names = 0
/** A market name that no other test uses. */
const fresh = (timeframe: Timeframe = '1h') => ({ exchange: 'binance', symbol: `C${names++}/USDT`, timeframe })
const base64 = (text: string | Uint8Array) => Buffer.from(text).toString('base64')

async function fieldErrors(work: Promise<unknown>): Promise<{ code: string; fields: string[] }> {
  const error: unknown = await work.then(
    () => null,
    (reason: unknown) => reason,
  )
  if (!(error instanceof ValidationError)) throw new Error(`not a ValidationError: ${String(error)}`)
  return { code: error.code, fields: error.fieldErrors.map(({ path }) => path.join(' ')) }
}

describe('importCandles', () => {
  test('makes a market from the content of a request', async () => {
    const name = fresh()
    const { market, imported, duplicates, warnings } = await importCandles(ctx, {
      ...name,
      content: base64(csv(...rows(48))),
    })
    expect({ imported, duplicates, warnings }).toEqual({ imported: 48, duplicates: 0, warnings: [] })
    expect(market).toMatchObject({ ...name, candleCount: 48, synthetic: false, qualityScore: 100, missingCandles: 0 })
    expect([market.firstOpenTime, market.lastOpenTime]).toEqual([START, START + 47 * HOUR])
    expect(await getMarket(ctx, market.id)).toEqual(market)
    expect(await findMarketByName(ctx, name)).toEqual(market)
  })

  test('reads gzip, and base64 with line breaks', async () => {
    const lines = base64(gzipSync(csv(...rows(48)))).replaceAll(/.{76}/g, '$&\n')
    expect((await importCandles(ctx, { ...fresh(), content: lines })).imported).toBe(48)
  })

  test('adds to the market of that name and counts what was there', async () => {
    const name = fresh()
    await importCandles(ctx, { ...name, content: base64(csv(...rows(30))) })
    const again = await importCandles(ctx, { ...name, content: base64(csv(...rows(40).slice(10))) })
    expect(again).toMatchObject({ imported: 10, duplicates: 20, market: { candleCount: 40 } })
    const nothing = await importCandles(ctx, { ...name, content: base64(csv(...rows(40))) })
    expect(nothing).toMatchObject({ imported: 0, duplicates: 40, market: again.market })
    const one = await importCandles(ctx, { ...name, content: base64(csv(...rows(41).slice(40))) })
    expect(one).toMatchObject({ imported: 1, market: { candleCount: 41 } })
  })

  test('gives the same hash in whatever order the parts come', async () => {
    const [a, b] = [fresh(), fresh()]
    await importCandles(ctx, { ...a, content: base64(csv(...rows(40).slice(20))) })
    const one = await importCandles(ctx, { ...a, content: base64(csv(...rows(40).toReversed())) })
    const other = await importCandles(ctx, { ...b, content: base64(csv(...rows(40))) })
    expect(one.market.contentHash).toBe(other.market.contentHash)
  })

  test('refuses a candle that is stored with other values, and changes nothing', async () => {
    const name = fresh()
    const { market } = await importCandles(ctx, { ...name, content: base64(csv(...rows(30))) })
    const other = csv(...rows(29), `${START + 29 * HOUR},100,150,99,101,30`, ...rows(1, START + 30 * HOUR))
    expect(await fieldErrors(importCandles(ctx, { ...name, content: base64(other) }))).toEqual({
      code: 'DUPLICATE_TIMESTAMP',
      fields: ['content high'],
    })
    expect(await getMarket(ctx, market.id)).toEqual(market)
  })

  test('is all or nothing: a bad row leaves no market behind', async () => {
    const name = fresh()
    const bad = csv(...rows(1000), `${START + 1000 * HOUR},1,1,2,1,1`)
    expect(await fieldErrors(importCandles(ctx, { ...name, content: base64(bad) }))).toEqual({
      code: 'INVALID_CANDLE',
      fields: ['content row 1002 high'],
    })
    expect(await findMarketByName(ctx, name)).toBeNull()
  })

  test('needs two candles to make a market', async () => {
    const name = fresh()
    const one = importCandles(ctx, { ...name, content: base64(csv(...rows(1))) })
    expect(await fieldErrors(one)).toEqual({ code: 'NOT_ENOUGH_DATA', fields: ['content'] })
    expect(await findMarketByName(ctx, name)).toBeNull()
  })

  test('warns of gaps', async () => {
    const { market, warnings } = await importCandles(ctx, {
      ...fresh(),
      content: base64(csv(...rows(50), ...rows(48, START + 52 * HOUR))),
    })
    expect(warnings[0]).toContain('2 of 100 candles are missing (2.0 %)')
    expect(market).toMatchObject({ missingCandles: 2, qualityScore: 80 })
    expect(market.gaps).toEqual([{ from: START + 50 * HOUR, to: START + 52 * HOUR, missing: 2 }])
  })

  test('names everything that is wrong with the request at once', async () => {
    const work = importCandles(ctx, { exchange: 'Binance', symbol: 'BTCUSDT', timeframe: '60', content: 'a,b,c' })
    expect(await fieldErrors(work)).toEqual({
      code: 'BAD_USER_INPUT',
      fields: ['content', 'exchange', 'symbol', 'timeframe'],
    })
  })

  test.each([
    ['neither content nor file', {}],
    ['both', { content: 'AAAA', file: 'a.csv' }],
    ['nulls', { content: null, file: null }],
  ])('refuses %s', async (_, source) => {
    expect((await fieldErrors(importCandles(ctx, { ...fresh(), ...source }))).fields).toEqual(['content'])
  })

  test('keeps the name of made-up markets for itself', async () => {
    const work = importCandles(ctx, { ...fresh(), exchange: 'synthetic', content: base64(csv(...rows(5))) })
    expect((await fieldErrors(work)).fields).toEqual(['exchange'])
  })

  test('of two at once into one new market both arrive', async () => {
    const name = fresh()
    const halves = [rows(60).slice(0, 40), rows(60).slice(30)].map((part) => base64(csv(...part)))
    const results = await Promise.all(halves.map((content) => importCandles(ctx, { ...name, content })))
    expect(results.map(({ imported }) => imported).reduce((sum, value) => sum + value)).toBe(60)
    expect((await findMarketByName(ctx, name))?.candleCount).toBe(60)
  })
})

const folder = (): string => join(ctx.config.home, 'import')

describe('the import folder', () => {
  test('is where files are read from', async () => {
    writeFileSync(join(folder(), 'good file.csv'), csv(...rows(20)))
    expect((await importCandles(ctx, { ...fresh(), file: 'good file.csv' })).imported).toBe(20)
  })

  test('names the file in errors', async () => {
    writeFileSync(join(folder(), 'bad.csv'), csv('x,1,1,1,1,1'))
    expect((await fieldErrors(importCandles(ctx, { ...fresh(), file: 'bad.csv' }))).fields).toEqual([
      'file row 2 openTime',
    ])
  })

  test.each([
    '../canary.csv',
    '..',
    '.',
    '',
    '.hidden',
    '/etc/passwd',
    'a/b.csv',
    'a\\b.csv',
    'C:\\x.csv',
    'C:x.csv',
    'a\0.csv',
    'a\n.csv',
    '%2e%2e/canary.csv',
    '..%2fcanary.csv',
    '%2e%2e%2fcanary.csv',
    '..%c0%afcanary.csv',
    '../../canary.csv',
    '..\\canary.csv',
    './canary.csv',
    '.../canary.csv',
    '....//canary.csv',
    '/canary.csv',
    '//server/share.csv',
    '\\\\server\\share.csv',
    'file:///etc/passwd',
    'http://127.0.0.1/canary.csv',
    '~/canary.csv',
    '/dev/stdin',
    '/proc/self/environ',
    'a\r.csv',
    'a\t.csv',
    'canary.csv\0.txt',
    'x'.repeat(300),
  ])('is not left by %j', async (file) => {
    writeFileSync(join(ctx.config.home, 'canary.csv'), csv(...rows(20)))
    const { fields, code } = await fieldErrors(importCandles(ctx, { ...fresh(), file }))
    expect({ fields, code }).toEqual({ fields: ['file'], code: 'BAD_USER_INPUT' })
  })

  test('does not follow links, does not open folders, and says what there is', async () => {
    writeFileSync(join(ctx.config.home, 'canary.csv'), csv(...rows(20)))
    symlinkSync('../canary.csv', join(folder(), 'link.csv'))
    mkdirSync(join(folder(), 'folder.csv'))
    writeFileSync(join(folder(), 'there.csv'), '')
    for (const file of ['link.csv', 'folder.csv', 'missing.csv', '%2e%2e']) {
      const work = importCandles(ctx, { ...fresh(), file })
      await expect(work).rejects.toThrow(ValidationError)
      await expect(work).rejects.toThrow(/There: .*there\.csv/)
    }
  })
})

describe('loadCandles', () => {
  const bars = 2 * CHUNK_BARS + 500
  const all = syntheticCandles({ seed: 4, bars, timeframe: '1m', from: START, edge: 0 })
  let id: string
  beforeAll(async () => {
    const name = checkMarketName(fresh('1m'))
    // Not in order: the second half first, then all.
    await storeCandles(ctx, name, sliceCandles(all, 9000, bars))
    const { market } = await storeCandles(ctx, name, all)
    id = market.id
    expect(market.contentHash).toBe(contentHash(all))
  })

  test('gives back what was stored, bit for bit', async () => {
    expect(await loadCandles(ctx, id)).toEqual(all)
  })

  test('gives a period with its warm-up, across chunks', async () => {
    const from = START + (CHUNK_BARS + 3) * 60_000
    const { openTime, close } = await loadCandles(ctx, id, { from, to: from + 600_000, warmupBars: 50 })
    expect(openTime).toHaveLength(60)
    expect(openTime[50]).toBe(from)
    expect(close).toEqual(all.close.slice(CHUNK_BARS - 47, CHUNK_BARS + 13))
  })

  test('resamples on demand', async () => {
    const whole = resample(all, 60_000, HOUR)
    expect(await loadCandles(ctx, id, { timeframe: '1h' })).toEqual(whole)
    const from = START + 200 * HOUR
    const part = await loadCandles(ctx, id, { from, to: from + 24 * HOUR, timeframe: '1h', warmupBars: 28 })
    expect(part.high).toEqual(whole.high.slice(172, 224))
  })

  test('refuses a timeframe that the market cannot give', async () => {
    const { market } = await importCandles(ctx, { ...fresh('4h'), content: base64(csv(...rows(9, START, 4 * HOUR))) })
    await expect(loadCandles(ctx, market.id, { timeframe: '6h' })).rejects.toThrow('Possible: 4h 8h 12h 1d 1w')
  })

  test('is a NotFoundError for an id that is none', async () => {
    await expect(loadCandles(ctx, 'market_x')).rejects.toThrow(NotFoundError)
  })

  test('an import of later candles rewrites only the last chunk', async () => {
    const chunks = () =>
      ctx.db.select().from(candleChunks).where(eq(candleChunks.marketId, id)).orderBy(candleChunks.sequence)
    const before = await chunks()
    const later = syntheticCandles({ seed: 5, bars: 10, timeframe: '1m', from: START + bars * 60_000, edge: 0 })
    const market = await getMarket(ctx, id)
    await storeCandles(ctx, checkMarketName(market), later)
    const after = await chunks()
    expect(after.map(({ count }) => count)).toEqual([CHUNK_BARS, CHUNK_BARS, 510])
    expect(after.slice(0, 2)).toEqual(before.slice(0, 2))
  })
})

describe('createSyntheticMarket', () => {
  const options = { symbol: 'EDGE/USDT', timeframe: '5m', seed: 1, bars: 1000, from: START + 7, edge: 1 }

  test('makes a market that says what it is, once', async () => {
    const market = await createSyntheticMarket(ctx, options)
    expect(market).toMatchObject({ exchange: 'synthetic', synthetic: true, candleCount: 1000, firstOpenTime: START })
    expect(await createSyntheticMarket(ctx, options)).toEqual(market)
  })

  test('is a ConflictError with other options', async () => {
    await createSyntheticMarket(ctx, options)
    await expect(createSyntheticMarket(ctx, { ...options, seed: 2 })).rejects.toThrow(ConflictError)
  })

  test('names every bad option at once', async () => {
    const bad = { symbol: 'edge', timeframe: '7m', seed: 0.5, bars: 1e9, from: START, edge: NaN }
    const { fields } = await fieldErrors(createSyntheticMarket(ctx, bad))
    expect(fields.toSorted()).toEqual(['bars', 'edge', 'seed', 'symbol', 'timeframe'])
  })
})

test('listMarkets pages through all markets, oldest first', async () => {
  const total = await countMarkets(ctx)
  const all = await listMarkets(ctx, { limit: 100, inverted: false })
  expect(all).toHaveLength(total)
  const [first, second] = all
  const rest = await listMarkets(ctx, {
    after: [first.createdAt.toISOString(), first.id],
    limit: 1,
    inverted: false,
  })
  expect(rest).toEqual([second])
})

withShared('the candle files', () => {
  const bars: Record<string, number> = {}
  for (const [, file, count] of readFileSync(`${shared}data/README.md`, 'utf8').matchAll(
    /^\| (\S+\.csv\.gz) .*?\| ([\d,]+) \|/gm,
  )) {
    bars[file] = Number(count.replaceAll(',', ''))
  }
  const files = readdirSync(`${shared}data`).filter((file) => file.endsWith('.csv.gz'))

  test.each(files)('%s is imported whole', async (file) => {
    const timeframe = /-(1m|5m|1h|1d)-/.exec(file)![1] as Timeframe
    const { market, imported, duplicates } = await importCandleStream(
      ctx,
      fresh(timeframe),
      pieces(readFileSync(`${shared}data/${file}`), 65_536),
    )
    expect(bars[file]).toBeGreaterThan(0)
    expect({ imported, duplicates }).toEqual({ imported: bars[file], duplicates: 0 })
    const stored = await loadCandles(ctx, market.id)
    expect(stored).toEqual(readCandles(file))
    expect(market.missingCandles).toBe(
      (market.lastOpenTime! - market.firstOpenTime!) / TIMEFRAMES[timeframe] + 1 - imported,
    )
  })
})
