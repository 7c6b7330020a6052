import { CANDLE_COLUMNS } from '../engine/candles.ts'

/** The role of a column that is not read. */
export const IGNORED = -1

/** Names that columns have in the wild, without case, spaces and punctuation; where several match, the first wins. */
const SYNONYMS: readonly (readonly string[])[] = [
  [
    'opentime',
    'opentimems',
    'timestamp',
    'timestampms',
    'unix',
    'unixtime',
    'unixtimestamp',
    'starttime',
    'start',
    'datetime',
    'time',
    'date',
    'ts',
    't',
  ],
  ['open', 'o', 'openprice'],
  ['high', 'h', 'highprice'],
  ['low', 'l', 'lowprice'],
  ['close', 'c', 'closeprice'],
  ['volume', 'v', 'vol', 'basevolume', 'volumebase', 'baseassetvolume'],
]

const VOLUME = CANDLE_COLUMNS.indexOf('volume')
/** Money, not coins: "Volume USDT" is second choice beside "Volume BTC". */
const QUOTE_VOLUME = /^volume(quote|usd|eur|gbp|jpy|try|krw)/

/**
 * Which column of a table is which, by name, in any order and case; others are ignored.
 *
 * @returns for each name the index in CANDLE_COLUMNS or IGNORED, and the columns that are nowhere
 */
export function matchColumns(names: readonly string[]): { roles: Int8Array; missing: string[] } {
  const plain = names.map((name) => name.toLowerCase().replaceAll(/[^a-z0-9]/g, ''))
  const roles = new Int8Array(names.length).fill(IGNORED)
  const missing = CANDLE_COLUMNS.filter((_, column) => {
    const at = findColumn(names, plain, column)
    if (at >= 0) roles[at] = column
    return at < 0
  })
  return { roles, missing }
}

/** Time, open, high, low, close, volume: the order of ccxt and of Binance's own files, which add six more columns. */
export function standardColumns(count: number): Int8Array {
  return Int8Array.from({ length: count }, (_, at) => (at < CANDLE_COLUMNS.length ? at : IGNORED))
}

/** What is asked of a header that lacks columns. */
export function missingColumns(missing: readonly string[], names: readonly string[]): string {
  const found = names.slice(0, 20).join(', ').slice(0, 200)
  const wanted = CANDLE_COLUMNS.join(', ')
  return `no column for ${missing.join(', ')}; found: ${found}. Name the columns ${wanted}, in any order.`
}

/** Exact names first: in Binance's own messages l is the low and L the last trade. */
function findColumn(names: readonly string[], plain: readonly string[], column: number): number {
  for (const name of SYNONYMS[column]) {
    const at = names.includes(name) ? names.indexOf(name) : plain.indexOf(name)
    if (at >= 0) return at
  }
  if (column !== VOLUME) return -1
  const volumes = plain.filter((name) => name.startsWith('volume'))
  const base = volumes.find((name) => !QUOTE_VOLUME.test(name)) ?? volumes[0]
  return base === undefined ? -1 : plain.indexOf(base)
}
