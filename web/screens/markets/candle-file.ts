import { bytes } from '../../format.ts'
import { TIMEFRAMES } from '../../timeframes.ts'

/** What the server takes in one request, in bytes before base64. */
export const MAX_UPLOAD = 3_000_000
/** Text of candles shrinks to a third or a quarter; larger files cannot fit and are not even read. */
const MAX_READ = 30_000_000

/** What to do with a file that is too large: the command line reads it as a stream. */
export function tooLarge(file: File, { exchange, symbol, timeframe }: MarketName): string {
  const command = `npx tunebook import ${file.name} --exchange ${exchange} --symbol ${symbol || 'BTC/USDT'} --timeframe ${timeframe}`
  return `${file.name} (${bytes(file.size)}) is too large for the browser, even packed. In a terminal:\n${command}`
}

/** What identifies a market. */
export interface MarketName {
  exchange: string
  symbol: string
  timeframe: string
}

/**
 * A file of candles as the API takes it: base64, packed by gzip where it would be too large otherwise.
 *
 * @returns null where it does not fit even so
 */
export async function contentOf(file: File): Promise<string | null> {
  if (file.size > MAX_READ) return null
  const plain = new Uint8Array(await file.arrayBuffer())
  const packed = file.size <= MAX_UPLOAD || isGzip(plain) ? plain : await gzip(file)
  return packed.length <= MAX_UPLOAD ? base64(packed) : null
}

function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b
}

async function gzip(file: File): Promise<Uint8Array> {
  const stream = file.stream().pipeThrough(new CompressionStream('gzip'))
  return new Uint8Array(await new Response(stream).arrayBuffer())
}

function base64(bytes: Uint8Array): string {
  const PIECE = 0x8000 // as many arguments as every browser takes
  let text = ''
  for (let at = 0; at < bytes.length; at += PIECE) text += String.fromCharCode(...bytes.subarray(at, at + PIECE))
  return btoa(text)
}

const QUOTES = 'USDT|USDC|FDUSD|BUSD|TUSD|USD|EUR|GBP|TRY|BTC|ETH|BNB'
const PAIR = new RegExp(`(?:^|[^A-Z0-9])([A-Z0-9]{2,12}?)[-_/]?(${QUOTES})(?:[^A-Z]|$)`)
const TIMEFRAME = /(?:^|[^a-z0-9])(\d{1,2}[mhdw])(?:[^a-z0-9]|$)/

/** Symbol and timeframe as far as the name of a file tells: BTCUSDT-1m-2024-01.csv is BTC/USDT, 1m. */
export function guessFromName(name: string): { symbol?: string; timeframe?: string } {
  const pair = PAIR.exec(name.toUpperCase())
  const timeframe = TIMEFRAME.exec(name)
  return {
    ...(pair && { symbol: `${pair[1]}/${pair[2]}` }),
    ...(timeframe && Object.hasOwn(TIMEFRAMES, timeframe[1]) && { timeframe: timeframe[1] }),
  }
}
