import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import type { Candles } from '../../src/engine/candles.ts'
import { Random } from '../../src/engine/random.ts'
import { localKernel } from '../../src/engine/wasm.ts'
import { permuteCandles } from '../../src/evidence/placebo.ts'
import { syntheticCandles } from '../../src/market/synthetic.ts'

/** Markets whose answer is known: without structure there is nothing to find, with a planted edge there is. */

export const KINDS = ['random walk', 'garch', 'permuted BTC', 'permuted ETH', 'edge 0.5', 'edge 1', 'edge 2'] as const
export type Kind = (typeof KINDS)[number]

/** Whether there is something to find, and how much: see PlantedEdge in src/market/planted-edge.ts. */
export const EDGES: Record<Kind, number> = {
  'random walk': 0,
  garch: 0,
  'permuted BTC': 0,
  'permuted ETH': 0,
  'edge 0.5': 0.5,
  'edge 1': 1,
  'edge 2': 2,
}

/** Half of the markets have nothing to find. */
const WEIGHTS: Record<Kind, number> = {
  'random walk': 6,
  garch: 6,
  'permuted BTC': 6,
  'permuted ETH': 6,
  'edge 0.5': 8,
  'edge 1': 8,
  'edge 2': 8,
}

const DAY = 86_400_000
export const TIMEFRAME_MS = 300_000
export const TRAINING_DAYS = 160
export const TEST_DAYS = 80
const BARS = ((TRAINING_DAYS + TEST_DAYS) * DAY) / TIMEFRAME_MS
export const FROM = Date.UTC(2025, 0, 1)
/** A day: within it all that real candles know of each other is kept. */
const REAL_BLOCK = DAY / TIMEFRAME_MS

const SHARED = fileURLToPath(new URL('../../../shared/data/', import.meta.url))
const FILES = {
  'permuted BTC': 'binance-BTCUSDT-5m-20240101-20240906.csv.gz',
  'permuted ETH': 'binance-ETHUSDT-5m-20240101-20240906.csv.gz',
}

/** Kinds of so many markets, spread evenly; those that need candles which are not there are left out. */
export function kindsOf(markets: number): Kind[] {
  const there = KINDS.filter((kind) => !(kind in FILES) || existsSync(SHARED + FILES[kind as keyof typeof FILES]))
  const flat = (edge: boolean): Kind[] =>
    there.filter((kind) => EDGES[kind] > 0 === edge).flatMap((kind) => turns(kind))
  const [without, withEdge] = [interleaved(flat(false)), interleaved(flat(true))]
  return Array.from({ length: markets }, (_, at) => {
    const pool = at % 2 === 0 ? without : withEdge
    return pool[(at >> 1) % pool.length]
  })
}

function turns(kind: Kind): Kind[] {
  return Array.from({ length: WEIGHTS[kind] }, () => kind)
}

/** The same, no two of a kind beside each other. */
function interleaved(kinds: Kind[]): Kind[] {
  const each = [...new Set(kinds)]
  return Array.from({ length: kinds.length }, (_, at) => each[at % each.length])
}

export function marketOf(kind: Kind, seed: number): Candles {
  if (kind === 'random walk') return randomWalk(seed)
  if (kind in FILES) return permuted(FILES[kind as keyof typeof FILES], seed)
  return syntheticCandles({ seed, bars: BARS, timeframe: '5m', from: FROM, edge: EDGES[kind] })
}

/** Independent normal returns and volumes. 0.2 % a bar is about that of a big coin. */
function randomWalk(seed: number): Candles {
  const random = new Random(seed, 1)
  const { kernel } = localKernel()
  const normal = (): number => kernel.normalPpf((random.uint32() + 0.5) / 4294967296)
  const [open, high, low, close, volume, openTime] = Array.from({ length: 6 }, () => new Float64Array(BARS))
  let price = 40_000
  for (let bar = 0; bar < BARS; bar++) {
    openTime[bar] = FROM + bar * TIMEFRAME_MS
    open[bar] = high[bar] = low[bar] = price
    for (let step = 0; step < 4; step++) {
      price *= kernel.exp(0.001 * normal() - 0.0000005)
      high[bar] = Math.max(high[bar], price)
      low[bar] = Math.min(low[bar], price)
    }
    close[bar] = price
    volume[bar] = 40 * kernel.exp(0.6 * normal())
  }
  return { openTime, open, high, low, close, volume }
}

const real = new Map<string, Candles>()

/** Real candles, the days in random order, twice: gaps and bodies apart. */
function permuted(file: string, seed: number): Candles {
  let candles = real.get(file)
  if (!candles) real.set(file, (candles = readPlain(SHARED + file)))
  return { ...permuteCandles(candles, seed, 0, { blockLength: REAL_BLOCK }), openTime: regular(candles) }
}

function regular({ openTime }: Candles): Float64Array {
  return Float64Array.from(openTime, (_, bar) => FROM + bar * TIMEFRAME_MS)
}

function readPlain(path: string): Candles {
  const lines = gunzipSync(readFileSync(path))
    .toString()
    .trimEnd()
    .split('\n')
    .slice(1, 1 + BARS)
  const column = (at: number): Float64Array => Float64Array.from(lines, (line) => Number(line.split(',')[at]))
  return { openTime: column(0), open: column(1), high: column(2), low: column(3), close: column(4), volume: column(5) }
}
