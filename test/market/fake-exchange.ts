import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A candle of the fake, as Binance answers it: times and numbers as text. */
function kline(openTime: number, stepMs: number): unknown[] {
  const bar = Math.round(openTime / stepMs) % 1000
  const close = openTime + stepMs - 1
  return [openTime, '100.5', String(102 + bar), '99', '101', String(bar + 1), close, '0', 1, '0', '0', '0']
}

const SYMBOL = {
  symbol: 'BTCUSDT',
  status: 'TRADING',
  baseAsset: 'BTC',
  quoteAsset: 'USDT',
  baseAssetPrecision: 8,
  quotePrecision: 8,
  isSpotTradingAllowed: true,
  permissions: ['SPOT'],
  permissionSets: [['SPOT']],
  orderTypes: ['LIMIT'],
  filters: [],
}

/** What the fake has, and how it behaves. */
export interface FakeMarket {
  /** open time of its first candle */
  from: number
  /** open time after its last one */
  to: number
  stepMs: number
  /** half-open pauses of the exchange */
  pauses?: { from: number; to: number }[]
}

/** An exchange on this machine that answers as Binance's public API does, with at most 1,000 candles a page. */
export class FakeExchange {
  readonly #server: Server
  readonly #market: FakeMarket
  /** startTime of every page that was asked for */
  readonly pages: number[] = []
  /** statuses with which the next pages are refused */
  readonly refusals: number[] = []

  private constructor(server: Server, market: FakeMarket) {
    this.#server = server
    this.#market = market
  }

  static async start(market: FakeMarket): Promise<FakeExchange> {
    const server = createServer((request, response) => {
      const url = new URL(request.url!, 'http://localhost')
      const { status, body } = fake.#answer(url)
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    })
    const fake = new FakeExchange(server, market)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return fake
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  close(): Promise<void> {
    this.#server.closeAllConnections()
    return new Promise((resolve) => this.#server.close(() => resolve()))
  }

  #answer(url: URL): { status: number; body: unknown } {
    const { pathname, searchParams } = url
    if (pathname.endsWith('/exchangeInfo')) {
      return { status: 200, body: { timezone: 'UTC', symbols: pathname.startsWith('/api/') ? [SYMBOL] : [] } }
    }
    if (!pathname.endsWith('/klines')) return { status: 200, body: [] }
    const status = this.refusals.shift()
    if (status) return { status, body: { code: -1003, msg: 'Too many requests.' } }
    const since = Number(searchParams.get('startTime'))
    this.pages.push(since)
    return { status: 200, body: this.#page(since, Math.min(1000, Number(searchParams.get('limit') ?? 500))) }
  }

  #page(since: number, limit: number): unknown[] {
    const { from, to, stepMs, pauses = [] } = this.#market
    const rows: unknown[] = []
    for (
      let time = Math.max(from, Math.ceil(since / stepMs) * stepMs);
      time < to && rows.length < limit;
      time += stepMs
    ) {
      if (!pauses.some((pause) => time >= pause.from && time < pause.to)) rows.push(kline(time, stepMs))
    }
    return rows
  }
}
