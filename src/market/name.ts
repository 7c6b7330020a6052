import { type FieldError, ValidationError } from '../errors.ts'
import { parseTimeframe, type Timeframe } from './timeframe.ts'

/** What identifies a market. */
export interface MarketName {
  /** as ccxt writes it: binance, bitfinex2 */
  exchange: string
  /** as ccxt writes it: BTC/USDT, BTC/USDT:USDT */
  symbol: string
  timeframe: Timeframe
}

/** The exchange of markets that are made up, so that no table can show one as real. */
export const SYNTHETIC = 'synthetic'

const EXCHANGE = /^[a-z][a-z0-9_-]{0,39}$/
const SYMBOL = /^[A-Za-z0-9.]{1,30}\/[A-Za-z0-9.]{1,30}(?::[A-Za-z0-9.]{1,30}(?:-[A-Za-z0-9.]{1,20}){0,3})?$/

/** @returns the name, checked. @throws ValidationError with every bad part at once, and `others` */
export function checkMarketName(
  input: { exchange: string; symbol: string; timeframe: string },
  others: FieldError[] = [],
): MarketName {
  const problems = [...others]
  const { exchange, symbol } = input
  if (!EXCHANGE.test(exchange)) problems.push({ path: ['exchange'], message: exchangeProblem(exchange) })
  if (!SYMBOL.test(symbol) || symbol === symbol.toLowerCase()) {
    problems.push({ path: ['symbol'], message: symbolProblem(symbol) })
  }
  const timeframe = checkTimeframe(input.timeframe, problems)
  if (problems.length > 0) throw new ValidationError(problems)
  return { exchange, symbol, timeframe: timeframe! }
}

function checkTimeframe(text: string, problems: FieldError[]): Timeframe | null {
  try {
    return parseTimeframe(text)
  } catch (error) {
    if (!(error instanceof ValidationError)) throw error
    problems.push(...error.fieldErrors)
    return null
  }
}

function exchangeProblem(exchange: string): string {
  const meant = exchange.trim().toLowerCase().replaceAll(/[ .]/g, '')
  const hint = EXCHANGE.test(meant) ? `Use "${meant}".` : 'Write it as ccxt does: binance, kraken, bitfinex2.'
  return `${quote(exchange)} is not the name of an exchange: small letters and digits. ${hint}`
}

const QUOTES = /^(.+?)[-_ ]?(USDT|USDC|FDUSD|BUSD|TUSD|USD|EUR|GBP|TRY|BTC|ETH|BNB)$/

function symbolProblem(symbol: string): string {
  const upper = symbol.trim().toUpperCase()
  const parts = QUOTES.exec(upper.replace('/', '-'))
  const meant = SYMBOL.test(upper) ? upper : parts && `${parts[1]}/${parts[2]}`
  const hint =
    meant && SYMBOL.test(meant) ? `Use "${meant}".` : 'Write base/quote: BTC/USDT, or BTC/USDT:USDT for a perpetual.'
  return `${quote(symbol)} is not a symbol. ${hint}`
}

function quote(text: string): string {
  return JSON.stringify(text.slice(0, 60))
}
