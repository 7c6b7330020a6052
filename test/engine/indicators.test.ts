import { describe, expect, test } from 'vitest'
import { CANDLE_COLUMNS, sliceCandles, type Candles } from '../../src/engine/candles.ts'
import {
  completeArguments,
  computeColumn,
  firstDefined,
  INDICATORS,
  scratchBytes,
  type IndicatorDefinition,
} from '../../src/engine/indicators.ts'
import { columnKey, type CandleColumn, type ColumnSpec } from '../../src/engine/program.ts'
import { Random } from '../../src/engine/random.ts'
import { Arena, engineModule, instantiate, localKernel } from '../../src/engine/wasm.ts'
import { golden, isClose, readCandles, withShared } from '../shared.ts'
import { PLAIN, plainBars } from './plain-indicators.ts'

const HOUR_MS = 3_600_000
const HOURS_PER_YEAR = 8760

type IndicatorSpec = ColumnSpec & { kind: 'indicator' }

const call = (name: string, args: number[] = [], source?: ColumnSpec): IndicatorSpec => ({
  kind: 'indicator',
  name,
  args: completeArguments(name, args),
  ...(source && { source }),
})
const candle = (name: CandleColumn): ColumnSpec => ({ kind: 'candle', name })

/** The column of `spec`, computed source first. */
function column(spec: ColumnSpec, candles: Candles): Float64Array {
  if (spec.kind === 'candle') return candles[spec.name]
  const { kernel, arena } = localKernel()
  const source = spec.source && column(spec.source, candles)
  const mark = arena.mark()
  const length = candles.close.length
  const offsets = Object.fromEntries(CANDLE_COLUMNS.map((name) => [name, arena.putFloat64(candles[name])]))
  const input = { ...(offsets as Record<keyof Candles, number>), length, barsPerYear: HOURS_PER_YEAR }
  const sourceOffset = source ? arena.putFloat64(source) : 0
  const out = arena.alloc(length * 8)
  const scratch = arena.alloc(scratchBytes(length))
  computeColumn(kernel, spec, input, sourceOffset, out, scratch)
  const values = arena.float64(out, length).slice()
  arena.release(mark)
  return values
}

/** Hourly bars with everything that a market has: ties, gaps, flat stretches, hours without volume, one giant hour. */
function randomCandles(seed: number, bars: number, price = 100): Candles {
  const random = new Random(seed)
  const tick = price / 10_000
  const round = (value: number): number => Math.max(1, Math.round(value / tick)) * tick
  const candles = {} as Candles
  for (const name of CANDLE_COLUMNS) candles[name] = new Float64Array(bars)
  let close = price
  let still = seed % 3 === 0 ? 30 : 0
  for (let bar = 0; bar < bars; bar++) {
    if (random.float() < 0.02) still = random.int(30)
    const size = still-- > 0 ? 0 : price * 0.01
    const open = round(close + (random.float() < 0.1 ? size * (random.float() - 0.5) : 0))
    close = round(open + size * (random.float() + random.float() - 1))
    candles.openTime[bar] = 1_704_067_200_000 + bar * HOUR_MS
    candles.open[bar] = open
    candles.high[bar] = round(Math.max(open, close) + size * random.float())
    candles.low[bar] = round(Math.min(open, close) - size * random.float())
    candles.close[bar] = close
    candles.volume[bar] = size === 0 || random.float() < 0.05 ? 0 : random.float() * (random.float() < 0.01 ? 1e9 : 10)
  }
  return candles
}

/** One call for each function, periods short and different from the defaults so that 40 bars are enough. */
function shortCall({ name, arguments: expected }: IndicatorDefinition): IndicatorSpec {
  const args = expected.map(({ kind, default: value = NaN }) => (kind === 'number' ? value : 2 + (value % 5)))
  return call(name, args)
}

const EVERY = [...INDICATORS.values()]

withShared('golden indicators', () => {
  const GOLDEN_CALLS: Record<string, IndicatorSpec> = {
    sma20: call('sma', [20]),
    ema12: call('ema', [12]),
    ema26: call('ema', [26]),
    ema50: call('ema', [50]),
    rsi14: call('rsi', [14]),
    rsi5: call('rsi', [5]),
    tr: call('true_range'),
    atr14: call('atr', [14]),
    adx14: call('adx', [14]),
    plus_di14: call('plus_di', [14]),
    minus_di14: call('minus_di', [14]),
    macd: call('macd'),
    macd_signal: call('macd_signal'),
    macd_hist: call('macd_histogram'),
    bb_upper: call('bollinger_upper'),
    bb_middle: call('bollinger_middle'),
    bb_lower: call('bollinger_lower'),
    bb_width: call('bollinger_width'),
    stoch_k: call('stochastic_k'),
    stoch_d: call('stochastic_d'),
    donchian_upper20: call('donchian_upper', [20]),
    donchian_middle20: call('donchian_middle', [20]),
    donchian_lower20: call('donchian_lower', [20]),
    supertrend10_3: call('supertrend', [10, 3]),
    supertrend_dir10_3: call('supertrend_direction', [10, 3]),
    obv: call('obv'),
    mfi14: call('mfi', [14]),
    vwap_utc_day: call('vwap'),
    vwap_rolling20: call('rolling_vwap', [20]),
    roc10: call('roc', [10]),
    volume_ratio20: call('volume_ratio', [20]),
    zscore20: call('zscore', [20]),
    realised_vol24: call('realised_volatility', [24]),
  }

  test('equal TA-Lib and the definitions, from the same first bar on', () => {
    const { candles, talib, own, firstDefinedIndex } = golden('indicators.json')
    const market = { ...candles, openTime: candles.time }
    for (const name of CANDLE_COLUMNS) market[name] = Float64Array.from(market[name])

    const wrong: string[] = []
    for (const [key, expected] of Object.entries<(number | null)[]>({ ...talib, ...own })) {
      const spec = GOLDEN_CALLS[key]
      const actual = column(spec, market)
      if (firstDefined(spec) !== firstDefinedIndex[key]) wrong.push(`${key}: first is ${firstDefined(spec)}`)
      const bar = expected.findIndex((value, t) => !isClose(actual[t], value))
      if (bar >= 0) wrong.push(`${key}[${bar}] is ${actual[bar]}, not ${expected[bar]}`)
    }
    expect(wrong).toEqual([])
    expect(Object.keys({ ...talib, ...own })).toHaveLength(Object.keys(GOLDEN_CALLS).length - 1)
  })

  test('are neutral on a flat market', () => {
    const { flatSeriesLength, flatPrice, note: _note, ...expected } = golden('indicators.json').edgeCases
    const flat = flatCandles(flatSeriesLength, flatPrice)
    for (const [key, [value]] of Object.entries<number[]>(expected)) {
      const spec = GOLDEN_CALLS[key]
      const defined = column(spec, flat).slice(firstDefined(spec))
      expect(new Set(defined), key).toEqual(new Set([value]))
    }
  })

  test.for(['btc-1m', 'eth-5m', 'btc-1h', 'gappy'])('have the bits of TA-Lib on real candles: %s', (name) => {
    const { data, indicator_checkpoints: checkpoints } = golden(`backtests-${name}.json`)
    const candles = readCandles(data.file, data.bars)
    const rsi = column(call('rsi', [14]), candles)
    const adx = column(call('adx', [14]), candles)
    const sma = column(call('sma', [20], candle('volume')), candles)
    for (const { bar, ...expected } of checkpoints) {
      expect({ rsi: rsi[bar], adx: adx[bar], sma_volume: sma[bar] }).toEqual(expected)
    }
  })
})

describe('every indicator', () => {
  test.for(EVERY)('$name equals its slow twin', ({ name, takesSource, arguments: expected }) => {
    const random = new Random(7, EVERY.length)
    for (let seed = 0; seed < 8; seed++) {
      const candles = randomCandles(seed, 250)
      const args = expected.map(({ kind, min }) =>
        kind === 'period' ? min + random.int(seed < 6 ? 25 : 90) : random.float() * 4,
      )
      const source = takesSource && seed % 2 === 1 ? candle('high') : undefined
      const spec = call(name, args, source)
      const actual = column(spec, candles)
      const plain = PLAIN[name](plainBars(candles, candles[source ? 'high' : 'close'], HOURS_PER_YEAR), ...args)
      const first = firstDefined(spec)
      const bar = plain.findIndex((value, t) => !isClose(actual[t], t < first ? null : value))
      expect(bar, `${columnKey(spec)}[${bar}] is ${actual[bar]}, not ${plain[bar]} (seed ${seed})`).toBe(-1)
    }
  })

  test.for(EVERY)('$name never looks ahead', (indicator) => {
    for (const spec of [shortCall(indicator), call(indicator.name)]) {
      const candles = randomCandles(11, 150)
      const whole = bits(column(spec, candles))
      for (let bars = 1; bars <= 150; bars++) {
        const part = bits(column(spec, sliceCandles(candles, 0, bars)))
        expect(part, `${columnKey(spec)} of ${bars} bars`).toEqual(whole.subarray(0, bars))
      }
    }
  })

  test.for(EVERY)('$name is defined from its first bar on, and not before', (indicator) => {
    const spec = call(indicator.name)
    const values = column(spec, randomCandles(3, 400))
    const first = firstDefined(spec)
    expect(values.findIndex(Number.isFinite)).toBe(first)
    expect(values.subarray(first).every(Number.isFinite)).toBe(true)
    expect(values.subarray(0, first).every(Number.isNaN)).toBe(true)
  })

  test.for(EVERY)('$name writes nowhere but to its column and its scratch, however few bars there are', (indicator) => {
    for (let bars = 0; bars <= 40; bars++) expectOnlyOwnWrites(shortCall(indicator), bars)
    for (const bars of [1, 20, 40]) expectOnlyOwnWrites(call(indicator.name), bars)
  })

  test.for(EVERY)('$name is undefined where its periods are longer than the data', ({ name, arguments: expected }) => {
    const args = expected.map(({ kind, max, default: value = NaN }) => (kind === 'period' ? max : value))
    if (args.length > 0) expect(column(call(name, args), randomCandles(5, 60)).every(Number.isNaN)).toBe(true)
  })

  test('does not care what a coin costs', () => {
    const candles = randomCandles(21, 300)
    const cheap = { ...candles }
    for (const name of ['open', 'high', 'low', 'close'] as const) cheap[name] = candles[name].map((x) => x * 2 ** -30)
    for (const { name } of EVERY) {
      const values = column(call(name), candles)
      const scaled = column(call(name), cheap)
      const factor = scaled.at(-1) === values.at(-1) ? 1 : 2 ** -30
      expect(scaled, name).toEqual(values.map((value) => value * factor))
    }
  })
})

describe('an indicator of an indicator', () => {
  const candles = randomCandles(31, 200)

  test('begins where its source does, and continues as if the source were a market of its own', () => {
    const source = call('rsi', [14])
    const rsi = column(source, candles)
    for (const { name, takesSource } of EVERY) {
      if (!takesSource) continue
      const spec = call(name, [], source)
      const begin = firstDefined(source)
      const alone = column(call(name), { ...sliceCandles(candles, begin, 200), close: rsi.slice(begin) })
      const values = column(spec, candles)
      expect(values.subarray(0, begin).every(Number.isNaN), name).toBe(true)
      expect(values.slice(begin), name).toEqual(alone)
      expect(firstDefined(spec)).toBe(values.findIndex(Number.isFinite))
    }
  })

  test('nests to any depth', () => {
    const spec = call('sma', [5], call('ema', [3], call('rsi', [14], candle('volume'))))
    expect(firstDefined(spec)).toBe(14 + 2 + 4)
    expect(column(spec, candles).findIndex(Number.isFinite)).toBe(20)
  })

  test('starts anew behind a bar where its source is undefined', () => {
    const volume = Float64Array.of(1, 2, 0, 4, 8, 16, 32)
    const market = { ...flatCandles(7, 5), volume }
    const source = call('roc', [1], candle('volume'))
    expect([...column(source, market)]).toEqual([NaN, 100, -100, NaN, 100, 100, 100])
    expect([...column(call('sma', [2], source), market)]).toEqual([NaN, NaN, 0, NaN, NaN, 100, 100])
    expect([...column(call('ema', [1], source), market)]).toEqual([NaN, 100, -100, NaN, 100, 100, 100])
  })

  test('is undefined throughout where the source never is', () => {
    const spec = call('sma', [3], call('atr', [500]))
    expect(column(spec, candles).every(Number.isNaN)).toBe(true)
  })
})

describe('numerically', () => {
  test('a deviation of a millionth survives at a price of 100 000', () => {
    const close = Float64Array.from({ length: 100 }, (_, bar) => 100_000 + (bar % 2) / 2 ** 20)
    const market = { ...flatCandles(100, 1), close }
    expect(column(call('stddev', [20]), market)[99] * 2 ** 21).toBeCloseTo(1, 14)
    expect(column(call('zscore', [20]), market)[99]).toBeCloseTo(1, 14)
  })

  test('a market that fell silent has an average volume of exactly 0, whatever was traded before', () => {
    const volume = Float64Array.from({ length: 60 }, (_, bar) => (bar < 30 ? 0.1 * bar + (bar === 7 ? 1e9 : 0) : 0))
    const market = { ...flatCandles(60, 5), volume }
    expect(column(call('sma', [20], candle('volume')), market)[59]).toBe(0)
    expect(column(call('bollinger_width', [20, 2], candle('volume')), market)[59]).toBe(0)
    expect(column(call('volume_ratio', [20]), market)[59]).toBe(1)
    expect(column(call('rolling_vwap', [20]), market)[59]).toBe(5)
    expect(column(call('mfi', [20]), market)[59]).toBe(50)
  })

  test('a giant bar that has left the window leaves nothing behind', () => {
    const candles = randomCandles(41, 100)
    const giant = { ...candles, volume: candles.volume.slice() }
    giant.volume[10] = 1e15
    for (const name of ['mfi', 'rolling_vwap', 'volume_ratio']) {
      const spec = call(name, [7])
      expect(column(spec, giant).subarray(18), name).toEqual(column(spec, candles).subarray(18))
    }
  })

  test('a fast period above the slow one turns the sign of the MACD', () => {
    const candles = randomCandles(51, 100)
    const turned = column(call('macd_histogram', [26, 12, 9]), candles)
    expect(turned).toEqual(column(call('macd_histogram', [12, 26, 9]), candles).map((value) => -value))
  })

  test('a Supertrend keeps its direction while the close only touches the line', () => {
    const prices = Float64Array.of(5, 5, 6, 6, 5)
    const market = { ...flatCandles(5, 5), high: prices, low: prices, close: prices }
    expect([...column(call('supertrend_direction', [1, 0]), market)]).toEqual([NaN, -1, 1, 1, -1])
  })

  test('realised volatility is undefined while a value of 0 is in the window', () => {
    const volume = Float64Array.of(1, 2, 0, 2, 1, 2, 1)
    const values = column(call('realised_volatility', [2], candle('volume')), { ...flatCandles(7, 5), volume })
    expect([...values].map(Number.isFinite)).toEqual([false, false, false, false, false, true, true])
  })
})

describe('the registry', () => {
  test('knows each function by its name and its family', () => {
    for (const [key, { name, outputs, signature, description }] of INDICATORS) {
      expect(name).toBe(key)
      expect(outputs).toContain(name)
      expect(outputs.every((output) => INDICATORS.get(output)?.outputs.includes(name))).toBe(true)
      expect(signature.startsWith(`${name}(`)).toBe(true)
      expect(description.length).toBeGreaterThan(40)
    }
    expect(Object.keys(PLAIN).sort()).toEqual([...INDICATORS.keys()].sort())
  })

  test('writes signatures with names and defaults', () => {
    expect(INDICATORS.get('bollinger_upper')?.signature).toBe(
      'bollinger_upper(source = close, period = 20, deviations = 2)',
    )
    expect(INDICATORS.get('obv')?.signature).toBe('obv()')
  })

  test('fills in the arguments that a call leaves out', () => {
    expect(completeArguments('macd', [])).toEqual([12, 26, 9])
    expect(completeArguments('supertrend', [7])).toEqual([7, 3])
    expect(firstDefined({ kind: 'indicator', name: 'adx', args: [] })).toBe(27)
  })

  test('says which argument is wrong, and what it may be', () => {
    expect(() => completeArguments('rsi', [13.5])).toThrow(
      'rsi.period: must be a whole number from 2 to 100000, not 13.5.',
    )
    expect(() => completeArguments('macd', [0, NaN])).toThrow(/macd\.fast: .*\nmacd\.slow: /)
    expect(() => completeArguments('obv', [3])).toThrow('obv: takes 0 numbers, not 1. Write it as obv().')
    expect(() => completeArguments('rsx', [])).toThrow('there is no "rsx"')
    expect(() => firstDefined({ kind: 'indicator', name: 'vwap', args: [], source: candle('close') })).toThrow(
      'no source',
    )
  })
})

function flatCandles(bars: number, price: number): Candles {
  const flat = (): Float64Array => new Float64Array(bars).fill(price)
  const openTime = Float64Array.from({ length: bars }, (_, bar) => bar * HOUR_MS)
  return { openTime, open: flat(), high: flat(), low: flat(), close: flat(), volume: new Float64Array(bars) }
}

function bits(values: Float64Array): BigUint64Array {
  return new BigUint64Array(values.buffer, values.byteOffset, values.length)
}

/** Compares the whole memory before and after. */
function expectOnlyOwnWrites(spec: IndicatorSpec, bars: number): void {
  const arena = new Arena()
  const kernel = instantiate(engineModule(), arena.memory)
  const candles = randomCandles(bars, bars)
  const offsets = Object.fromEntries(CANDLE_COLUMNS.map((name) => [name, arena.putFloat64(candles[name])]))
  const input = { ...(offsets as Record<keyof Candles, number>), length: bars, barsPerYear: HOURS_PER_YEAR }
  arena.alloc(1024)
  const out = arena.alloc(bars * 8)
  arena.alloc(1024)
  const scratch = arena.alloc(scratchBytes(bars))
  arena.alloc(1024)

  const memory = arena.uint8(0, arena.memory.buffer.byteLength)
  const before = memory.slice()
  computeColumn(kernel, spec, input, 0, out, scratch)
  const after = memory.slice()
  for (const [start, bytes] of [
    [out, bars * 8],
    [scratch, scratchBytes(bars)],
  ]) {
    after.set(before.subarray(start, start + bytes), start)
  }
  expect(Buffer.compare(before, after), `${columnKey(spec)} of ${bars} bars`).toBe(0)
}
