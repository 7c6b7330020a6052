import { readConfig } from '../config.ts'
import { parseUtc } from '../market/time.ts'
import { Client, ERROR_FIELDS } from './client.ts'
import { EXIT, usageFailure } from './failure.ts'
import { marketName, type MarketInfo } from './lookup.ts'
import { print } from './output.ts'
import { bar, minute, whole } from './text.ts'

export interface DownloadOptions {
  exchange: string
  symbol: string
  timeframe: string
  from: string
  to?: string
  url?: string
  token?: string
  json?: boolean
}

interface Downloaded {
  market: MarketInfo
  imported: number
  complete: boolean
  next: string
}

const DOWNLOAD = `mutation ($input: CandleDownloadInput!) {
  result: downloadCandles(input: $input) {
    ${ERROR_FIELDS}
    ... on DownloadCandlesSuccess {
      market { id exchange symbol timeframe candleCount from to }
      imported
      complete
      next
    }
  }
}`

const BAR_WIDTH = 24

/** Download call by call until nothing is missing. What came is stored, so an interrupted download goes on. */
export async function download(options: DownloadOptions): Promise<number> {
  const { exchange, symbol, timeframe } = options
  const from = instant('--from', options.from)
  const to = options.to === undefined ? new Date() : instant('--to', options.to)
  const client = await Client.open(readConfig(process.env), options)
  try {
    let imported = 0
    let next = from.toISOString()
    for (;;) {
      const input = { exchange, symbol, timeframe, from: next, to: to.toISOString() }
      const done = await client.mutate<Downloaded>(DOWNLOAD, { input })
      imported += done.imported
      if (done.complete) return report({ ...done, imported }, options.json === true)
      next = done.next
      showProgress((Date.parse(next) - from.getTime()) / (to.getTime() - from.getTime()), next)
    }
  } finally {
    if (process.stderr.isTTY) process.stderr.write('\r\u001b[2K')
    await client.close()
  }
}

function instant(option: string, text: string): Date {
  const time = parseUtc(text)
  if (Number.isNaN(time)) {
    throw usageFailure(`${option}: ${JSON.stringify(text)} is not a time. Write 2024-01-31 or 2024-01-31T12:00:00Z.`)
  }
  return new Date(time)
}

function showProgress(fraction: number, next: string): void {
  const line = `${bar(fraction, BAR_WIDTH)} ${Math.floor(100 * fraction)} %  up to ${minute(next)} UTC`
  process.stderr.write(process.stderr.isTTY ? `\r\u001b[2K${line}` : `${line}\n`)
}

function report(done: Downloaded, json: boolean): number {
  const { market, imported } = done
  if (json) print(JSON.stringify({ market, imported }, null, 2))
  else {
    print(`${marketName(market)}: ${whole(imported)} candles downloaded`)
    print(`  ${whole(market.candleCount)} candles, ${minute(market.from!)} to ${minute(market.to!)} UTC`)
    print(`  id ${market.id}`)
  }
  return EXIT.ready
}
