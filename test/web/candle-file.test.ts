import { gunzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { contentOf, guessFromName, MAX_UPLOAD } from '../../web/screens/markets/candle-file.ts'

describe('a file of candles', () => {
  test.each([
    ['BTCUSDT-1m-2024-01.csv', { symbol: 'BTC/USDT', timeframe: '1m' }],
    ['binance-ETHUSDT-5m-20240101-20240906.csv.gz', { symbol: 'ETH/USDT', timeframe: '5m' }],
    ['BTC_USDT-1h.json', { symbol: 'BTC/USDT', timeframe: '1h' }],
    ['candles.csv', {}],
  ])('%s tells by its name what it holds', (name, expected) => {
    expect(guessFromName(name)).toEqual(expected)
  })

  test('is sent as it is where it is small', async () => {
    expect(await contentOf(new File(['open_time,open\n'], 'small.csv'))).toBe(btoa('open_time,open\n'))
  })

  test('is packed where it would not fit otherwise', async () => {
    const text = '1704067200000,1,2,0.5,1.5,10\n'.repeat(MAX_UPLOAD / 20)
    const content = await contentOf(new File([text], 'large.csv'))
    expect(gunzipSync(Buffer.from(content!, 'base64')).toString()).toBe(text)
  })

  test('does not fit where even packed it is too large', async () => {
    const random = Array.from({ length: 80 }, () => crypto.getRandomValues(new Uint8Array(65_536)))
    expect(await contentOf(new File(random, 'random.csv'))).toBeNull()
  })
})
