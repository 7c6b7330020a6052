import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { readCandles } from '../../src/market/formats.ts'
import { csv, HEADER, HOUR, pieces, read, refusal, rows, START } from './files.ts'

const file = csv(...rows(30))

describe('gzip', () => {
  test.each([1, 20, Infinity])('is unpacked, in pieces of %i', async (size) => {
    expect((await read(gzipSync(file), { size })).candles).toEqual((await read(file)).candles)
  })

  test('may have several members', async () => {
    const parts = Buffer.concat([gzipSync(csv(...rows(10))), gzipSync(`${rows(10, START + 10 * HOUR).join('\n')}\n`)])
    expect((await read(parts)).candles.openTime).toHaveLength(20)
  })

  test.each([
    ['a bomb', gzipSync(Buffer.alloc(50_000_000, '1'))],
    ['a bomb behind a good beginning', gzipSync(Buffer.concat([Buffer.from(file), Buffer.alloc(30_000_000, '0')]))],
    ['gzip in gzip', gzipSync(gzipSync(file))],
    ['zip in gzip', gzipSync(Buffer.from('PK\u0003\u0004...'))],
    ['a cut file', gzipSync(csv(...rows(5000))).subarray(0, 5000)],
    ['a damaged file', Buffer.concat([gzipSync(file).subarray(0, 40), Buffer.alloc(100, 7)])],
    ['a header without a body', Buffer.from([0x1f, 0x8b])],
  ])('%s is ARCHIVE_REJECTED', async (_, bytes) => {
    expect((await refusal(bytes, { size: 4096 })).code).toBe('ARCHIVE_REJECTED')
  })

  test('a bomb is dropped before it is unpacked', async () => {
    const bomb = gzipSync(Buffer.alloc(300_000_000, '1'))
    const before = process.memoryUsage().rss
    await refusal(bomb, { size: 4096 })
    expect(process.memoryUsage().rss - before).toBeLessThan(50_000_000)
  })
})

describe('the first bytes tell', () => {
  test.each([
    ['zip', 'PK\u0003\u0004', 'ARCHIVE_REJECTED', 'Unpack it'],
    ['bzip2', 'BZh91AY', 'ARCHIVE_REJECTED', 'Unpack it'],
    ['Parquet', 'PAR1....', 'INVALID_FORMAT', 'cannot be read as Parquet'],
    ['Feather', 'ARROW1..', 'INVALID_FORMAT', 'cannot be read as Feather'],
  ])('%s', async (_, text, code, message) => {
    const { code: found, problems } = await refusal(Buffer.from(text, 'latin1'))
    expect(found).toBe(code)
    expect(problems[0].message).toContain(message)
  })
})

describe('text that is not UTF-8 is INVALID_ENCODING', () => {
  const many = rows(40)
  const latin = Buffer.from(
    `${HEADER},note\n${many.map((row, at) => `${row},${at === 30 ? 'é' : 'e'}`).join('\n')}\n`,
    'latin1',
  )

  test.each([
    ['UTF-16 with a mark', Buffer.from(`\uFEFF${file}`, 'utf16le'), ['content']],
    ['UTF-16 without one', Buffer.from(file, 'utf16le'), ['content', 'row 1']],
    ['Latin-1', latin, ['content', 'row 32']],
    ['a NUL byte', Buffer.from(`${file}\0`), ['content', 'row 32']],
    [
      'a lone surrogate',
      Buffer.concat([Buffer.from(file), Buffer.from([0xed, 0xa0, 0x80, 10])]),
      ['content', 'row 32'],
    ],
    ['a character that is cut', Buffer.concat([Buffer.from(file), Buffer.from([0xe2, 0x82])]), ['content', 'row 32']],
  ])('%s, with its row', async (_, bytes, path) => {
    for (const size of [64, Infinity]) {
      const { code, problems } = await refusal(bytes, { size })
      expect({ code, path: problems[0].path }).toEqual({ code: 'INVALID_ENCODING', path })
    }
  })

  test('UTF-8 in columns that are not read is fine, wherever it is cut', async () => {
    const text = `${HEADER},note\n${many.map((row) => `${row},€ñ😀`).join('\n')}\n`
    for (const size of [1, 7, Infinity]) expect((await read(text, { size })).candles.openTime).toHaveLength(40)
  })
})

test('a line without an end is refused before it fills the memory', async () => {
  const { code } = await refusal('1'.repeat(300_000), { size: 10_000 })
  expect(code).toBe('INVALID_FORMAT')
})

test('at most 20 problems are shown', async () => {
  const { problems } = await refusal(csv(...Array.from({ length: 500 }, () => 'x,1,1,1,1,1')))
  expect(problems).toHaveLength(20)
  expect(problems[19].message).toContain('Only the first 20')
})

test('the source is closed when a file is refused half way', async () => {
  let closed = false
  async function* source(): AsyncGenerator<Uint8Array> {
    try {
      for (let part = 0; part < 1000; part++) yield Buffer.from(part === 0 ? file : 'x,1,1,1,1,1\n')
    } finally {
      closed = true
    }
  }
  await expect(readCandles(source(), { timeframe: '1h', now: 0 })).rejects.toThrow('Only the first 20')
  expect(closed).toBe(true)
})

async function* failingSource(): AsyncGenerator<Uint8Array> {
  yield* pieces(gzipSync(file), 20)
  throw new Error('the disk is gone')
}

test('a failing source is passed on as it is', async () => {
  await expect(readCandles(failingSource(), { timeframe: '1h', now: 0 })).rejects.toThrow('the disk is gone')
})
