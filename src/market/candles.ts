import { CANDLE_COLUMNS, type Candles } from '../engine/candles.ts'
import type { ImportCode } from './problems.ts'

/**
 * Bounds of prices and volumes: a candle outside them is a broken file, and inside them no product or sum over a
 * market can overflow or vanish.
 */
const MAX_NUMBER = 1e100
const MIN_PRICE = 1e-100

const PRICES = ['open', 'high', 'low', 'close'] as const

export interface CandleProblem {
  code: ImportCode
  column: string
  message: string
}

/**
 * What makes a candle impossible, null for a good one. Prices are positive, high and low enclose open and close,
 * volume is not negative; all finite.
 */
export function findCandleProblem(
  open: number,
  high: number,
  low: number,
  close: number,
  volume: number,
): CandleProblem | null {
  const encloses = high >= open && high >= close && low <= open && low <= close
  if (encloses && low >= MIN_PRICE && high <= MAX_NUMBER && volume >= 0 && volume <= MAX_NUMBER) return null
  return numberProblem({ open, high, low, close, volume }) ?? shapeProblem({ open, high, low, close, volume })
}

type Values = Record<(typeof PRICES)[number] | 'volume', number>

function numberProblem(candle: Values): CandleProblem | null {
  for (const column of [...PRICES, 'volume'] as const) {
    const value = candle[column]
    const tiny = column !== 'volume' && value > 0 && value < MIN_PRICE
    const negativeZero = column !== 'volume' && Object.is(value, -0)
    if (Number.isFinite(value) && Math.abs(value) <= MAX_NUMBER && !tiny && !negativeZero) continue
    const text = negativeZero ? '-0' : String(value)
    const bounds = `Prices lie between ${MIN_PRICE} and ${MAX_NUMBER}, volumes between 0 and ${MAX_NUMBER}.`
    return { code: 'INVALID_NUMBER', column, message: `${text} cannot be a ${column}. ${bounds}` }
  }
  return null
}

function shapeProblem(candle: Values): CandleProblem {
  const { open, high, low, close, volume } = candle
  for (const column of PRICES) {
    if (candle[column] <= 0)
      return wrong(column, `${candle[column]} is not a price: prices are above 0. Correct the row.`)
  }
  if (volume < 0) return wrong('volume', `${volume} is negative. Correct the row.`)
  if (high < low) return wrong('high', `${high} is below the low ${low}. ${CHECK_ORDER}`)
  const [name, value] = high < open || low > open ? ['open', open] : ['close', close]
  if (high < value) return wrong('high', `${high} is below the ${name} ${value}. ${CHECK_ORDER}`)
  return wrong('low', `${low} is above the ${name} ${value}. ${CHECK_ORDER}`)
}

function wrong(column: string, message: string): CandleProblem {
  return { code: 'INVALID_CANDLE', column, message }
}

const CHECK_ORDER = 'Correct the row, or check that the columns are in the order open, high, low, close.'

/** The first column in which candle `a` of one set and candle `b` of another differ, null where they are equal. */
export function differingColumn(candles: Candles, a: number, others: Candles, b: number): keyof Candles | null {
  return CANDLE_COLUMNS.find((column) => candles[column][a] !== others[column][b]) ?? null
}
