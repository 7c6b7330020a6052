import type { JsonObject } from './json-file.ts'

/** Reads trade files: our own rows as JSON, NDJSON or CSV, and what freqtrade exports. */

/** @throws Error with what the file is not */
export function parseTradeFile(text: string): JsonObject[] {
  const trimmed = text.replace(/^\uFEFF/, '').trim()
  if (trimmed.startsWith('[') || trimmed.startsWith('{')) {
    const rows = parseJsonRows(trimmed)
    return rows.map((row) => (isFreqtrade(row) ? fromFreqtrade(row) : row))
  }
  return parseCsv(trimmed).map((row) => (isFreqtrade(row) ? fromFreqtrade(row) : row))
}

function parseJsonRows(text: string): JsonObject[] {
  const whole = tryParse(text)
  if (whole === undefined) {
    return text
      .split('\n')
      .filter((line) => line.trim() !== '')
      .map((line, at) => {
        const row = tryParse(line)
        if (!isRow(row)) throw new Error(`line ${at + 1} is not a JSON object.`)
        return row
      })
  }
  const rows = Array.isArray(whole) ? whole : tradesInside(whole as JsonObject)
  if (!Array.isArray(rows) || !rows.every(isRow)) throw new Error('holds no list of trades.')
  return rows
}

/** freqtrade's backtest results hold them by strategy; other exports under "trades". One object alone is one trade. */
function tradesInside(whole: JsonObject): unknown {
  if (Array.isArray(whole.trades)) return whole.trades
  if (!isRow(whole.strategy)) return [whole]
  return Object.entries(whole.strategy).flatMap(([strategy, result]) => {
    const trades = isRow(result) && Array.isArray(result.trades) ? (result.trades as JsonObject[]) : []
    return trades.map((trade) => ({ strategy, ...trade }))
  })
}

function tryParse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function isRow(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

const NUMBERS = new Set([
  'confidence',
  'leverage',
  'entryPrice',
  'exitPrice',
  'stopLoss',
  'takeProfit',
  'minPrice',
  'maxPrice',
  'profitRatio',
  'profitAbs',
  'fees',
])

function parseCsv(text: string): JsonObject[] {
  const [header = [], ...rows] = text.split(/\r?\n/).map(cells)
  return rows
    .filter((row) => row.length > 1)
    .map((row) => {
      const entries = header.map((name, at): [string, unknown] => [name, row[at] ?? ''])
      const filled = entries.filter(([, value]) => value !== '')
      return Object.fromEntries(filled.map(([name, value]) => [name, NUMBERS.has(name) ? Number(value) : value]))
    })
}

/** The cells of one line; a quoted one may hold commas, and a quote written twice. */
function cells(line: string): string[] {
  return Array.from(line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g), ([, quoted, plain]) =>
    quoted === undefined ? plain.trim() : quoted.replaceAll('""', '"'),
  )
}

function isFreqtrade(row: JsonObject): boolean {
  return 'pair' in row && 'open_date' in row && 'profit_ratio' in row
}

/** A trade of freqtrade, from a backtest or from its database. It knows no confidence: 100, the signal was taken. */
export function fromFreqtrade(row: JsonObject): JsonObject {
  const number = (name: string): number | undefined =>
    row[name] === null || row[name] === undefined || row[name] === '' ? undefined : Number(row[name])
  const short = row.is_short === true || row.is_short === 'True' || row.is_short === 'true'
  const entryTime = time(row.open_date)
  const stop = number('stop_loss_ratio') ?? number('initial_stop_loss_ratio')
  const fees = feesOf(number('fee_open'), number('fee_close'), number('stake_amount'), number('leverage'))
  const trade: JsonObject = {
    externalId: text(row.trade_id) ?? `${text(row.pair)} ${entryTime} ${text(row.enter_tag) ?? ''}`.trim(),
    symbol: text(row.pair),
    side: short ? 'SHORT' : 'LONG',
    strategy: text(row.strategy) ?? text(row.enter_tag) ?? 'freqtrade',
    confidence: 100,
    leverage: number('leverage') ?? 1,
    entryTime,
    exitTime: time(row.close_date),
    entryPrice: number('open_rate'),
    exitPrice: number('close_rate'),
    stopLoss: stop === undefined || stop === 0 ? undefined : Math.abs(stop) / (number('leverage') ?? 1),
    minPrice: number('min_rate'),
    maxPrice: number('max_rate'),
    profitRatio: number('profit_ratio'),
    profitAbs: number('profit_abs'),
    fees,
    exitReason: row.exit_reason ?? row.sell_reason,
  }
  return Object.fromEntries(Object.entries(trade).filter(([, value]) => value !== undefined && value !== null))
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined
}

/** In quote currency, both rates on what was put in. */
function feesOf(open = 0, close = 0, stake = 0, leverage = 1): number | undefined {
  return stake > 0 ? (open + close) * stake * leverage : undefined
}

/** "2024-01-01 00:00:00+00:00", or ms */
function time(value: unknown): string {
  if (typeof value === 'number') return new Date(value).toISOString()
  const written = String(value).trim().replace(' ', 'T')
  return /(?:Z|[+-]\d\d:?\d\d)$/.test(written) ? written : `${written}Z`
}
