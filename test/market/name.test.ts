import { describe, expect, test } from 'vitest'
import { ValidationError } from '../../src/errors.ts'
import { checkMarketName } from '../../src/market/name.ts'

const problems = (input: { exchange?: string; symbol?: string; timeframe?: string }) => {
  try {
    checkMarketName({ exchange: 'binance', symbol: 'BTC/USDT', timeframe: '1h', ...input })
  } catch (error) {
    if (error instanceof ValidationError) return error.fieldErrors
    throw error
  }
  return []
}

describe('checkMarketName', () => {
  test.each([
    'BTC/USDT',
    'BTC/USDT:USDT',
    'BTC/USD:BTC-241227',
    '1000PEPE/USDT',
    'kPEPE/USDC:USDC',
    'ETH/BTC:ETH-240329-4000-C',
  ])('accepts %s', (symbol) => expect(problems({ symbol })).toEqual([]))

  test.each([
    ['BTCUSDT', 'BTC/USDT'],
    ['BTC-USDT', 'BTC/USDT'],
    ['btc_usdt', 'BTC/USDT'],
    ['btc/usdt', 'BTC/USDT'],
    ['ETHBTC', 'ETH/BTC'],
  ])('takes %s for %s', (symbol, meant) => expect(problems({ symbol })[0]?.message).toContain(`Use "${meant}"`))

  test.each(['', '/', 'BTC/', '../etc', 'BTC/USDT\n', "BTC/USDT'; drop table markets", '=HYPERLINK()', 'BTC/USDT\0'])(
    'refuses %j',
    (symbol) =>
      expect(problems({ symbol })[0]).toMatchObject({
        path: ['symbol'],
        message: expect.stringContaining('not a symbol'),
      }),
  )

  test('takes Binance for binance', () => {
    expect(problems({ exchange: 'Binance' })).toEqual([
      { path: ['exchange'], message: expect.stringContaining('Use "binance"') },
    ])
    expect(problems({ exchange: '' })[0]?.message).toContain('as ccxt does')
  })

  test('names everything that is wrong at once', () => {
    const found = problems({ exchange: '?', symbol: '?', timeframe: '?' })
    expect(found.map(({ path }) => path[0])).toEqual(['exchange', 'symbol', 'timeframe'])
  })
})
