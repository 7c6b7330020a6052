import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Api, createApi } from '../../src/server/api.ts'
import { GRAPHQL_PATH } from '../../src/server/paths.ts'
import { testContext, type TestContext } from '../helpers.ts'
import { csv, HOUR, rows, START } from './files.ts'

let ctx: TestContext
let api: Api
beforeAll(async () => {
  ctx = await testContext()
  api = createApi(ctx)
})
afterAll(() => ctx.close())

// oxlint-disable-next-line typescript/no-explicit-any -- an answer has the shape of its question
async function ask(query: string, variables: object = {}): Promise<any> {
  const body = JSON.stringify({ query, variables })
  const headers = { 'content-type': 'application/json' }
  const response = await api.fetch(`http://localhost${GRAPHQL_PATH}`, { method: 'POST', headers, body })
  const { data, errors } = (await response.json()) as { data: unknown; errors?: unknown }
  if (errors) throw new Error(JSON.stringify(errors))
  return data
}

const IMPORT = `mutation ($input: CandleImportInput!) {
  importCandles(input: $input) {
    __typename
    ... on ImportCandlesSuccess { imported duplicates warnings market { id } }
    ... on ValidationError { code message fieldErrors { path message } }
  }
}`
const input = (content: string, symbol = 'BTC/USDT') => ({
  input: { exchange: 'binance', symbol, timeframe: '1h', content: Buffer.from(content).toString('base64') },
})

describe('importCandles', () => {
  test('answers with the market', async () => {
    const { importCandles } = await ask(IMPORT, input(csv(...rows(100), ...rows(10))))
    expect(importCandles).toMatchObject({
      __typename: 'ImportCandlesSuccess',
      imported: 100,
      duplicates: 10,
      warnings: [
        'The rows were not in order of time and have been sorted.',
        '10 rows repeated an earlier one and were left out.',
      ],
    })
  })

  test('answers bad rows with code, row and column', async () => {
    const { importCandles } = await ask(IMPORT, input(csv(...rows(2), `${START},1,1,1e999,1,1`), 'ETH/USDT'))
    expect(importCandles).toMatchObject({
      __typename: 'ValidationError',
      code: 'INVALID_NUMBER',
      fieldErrors: [
        {
          path: ['content', 'row 4', 'low'],
          message: expect.stringContaining('"1e999" is not a finite decimal number'),
        },
      ],
    })
  })
})

describe('markets', () => {
  const MARKETS = `{ markets(first: 5) { totalCount pageInfo { hasNextPage } edges { cursor } nodes {
    id exchange symbol timeframe synthetic candleCount from to contentHash
    quality { score missingCandles zeroVolumeCandles gaps { from to missing } }
    candles(maxPoints: 4) { openTime open high low close volume } } } }`

  test('show their candles and their quality', async () => {
    await ask(IMPORT, input(csv(...rows(100)), 'SHOW/USDT'))
    const { markets } = await ask(MARKETS)
    const market = markets.nodes.find(({ symbol }: { symbol: string }) => symbol === 'SHOW/USDT')
    expect(markets.totalCount).toBe(markets.nodes.length)
    expect(market).toMatchObject({
      exchange: 'binance',
      timeframe: '1h',
      synthetic: false,
      candleCount: 100,
      from: '2024-01-01T00:00:00.000Z',
      to: new Date(START + 100 * HOUR).toISOString(),
      quality: { score: 100, missingCandles: 0, zeroVolumeCandles: 0, gaps: [] },
    })
    expect(market.candles).toHaveLength(4)
    expect(market.candles[3]).toMatchObject({
      openTime: new Date(START + 75 * HOUR).toISOString(),
      open: 100,
      high: 201,
      low: 99,
    })
  })

  test('show a part of their candles in another timeframe', async () => {
    const { markets } = await ask(MARKETS)
    const { id } = markets.nodes[0]
    const { market } = await ask(
      `query ($id: ID!) { market(id: $id) { candles(from: "2024-01-02", to: "2024-01-03", timeframe: "12h") { openTime } } }`,
      { id },
    )
    expect(market.candles.map(({ openTime }: { openTime: string }) => openTime)).toEqual([
      '2024-01-02T00:00:00.000Z',
      '2024-01-02T12:00:00.000Z',
    ])
    expect(await ask(`query ($id: ID!) { node(id: $id) { __typename id } }`, { id })).toEqual({
      node: { __typename: 'Market', id },
    })
  })

  test('are null where there is none', async () => {
    expect(await ask('{ market(id: "market_none") { id } }')).toEqual({ market: null })
    expect(await ask('{ market(id: "../..") { id } }')).toEqual({ market: null })
  })
})
