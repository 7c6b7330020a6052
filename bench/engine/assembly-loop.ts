/** The naive loop in AssemblyScript, compiled into a module of its own while the bench runs. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Arena } from '../../src/engine/wasm.ts'
import { NAIVE_FIGURES, type NaiveInput } from './naive.ts'

export interface AssemblyLoop {
  run: () => void
  /** f64[samples × 7] of the last run */
  figures: () => Float64Array
}

type Naive = (...args: number[]) => void

export function assemblyLoop(input: NaiveInput, rows: Float64Array, samples: number): AssemblyLoop {
  const arena = new Arena()
  const instance = new WebAssembly.Instance(compiled(), { env: { memory: arena.memory } })
  const naive = instance.exports.naive as Naive
  const { candles, rsi, adx, mean, dayEnds, firstSignal, settings } = input
  const columns = [candles.open, candles.high, candles.low, candles.close, candles.volume, rsi, adx, mean]
  const pointers = columns.map((column) => arena.putFloat64(column))
  const { feeRate, slippage, leverage, initialCapital, maintenanceMarginRate } = settings
  const days = arena.putInt32(dayEnds)
  const returns = arena.alloc(8 * dayEnds.length)
  const own = arena.putFloat64([feeRate, slippage, leverage, initialCapital, maintenanceMarginRate])
  const parameters = arena.putFloat64(rows.subarray(0, 6 * samples))
  const out = arena.alloc(8 * NAIVE_FIGURES.length * samples)
  return {
    run: () => {
      for (let sample = 0; sample < samples; sample++) {
        const [p, to] = [parameters + 48 * sample, out + 8 * NAIVE_FIGURES.length * sample]
        naive(candles.open.length, firstSignal, ...pointers, days, returns, own, p, to)
      }
    },
    figures: () => arena.float64(out, NAIVE_FIGURES.length * samples).slice(),
  }
}

/** With the flags of the engine. */
function compiled(): WebAssembly.Module {
  const folder = mkdtempSync(join(tmpdir(), 'tunebook-bench-'))
  const file = join(folder, 'naive.wasm')
  const compiler = fileURLToPath(new URL('../../node_modules/assemblyscript/bin/asc.js', import.meta.url))
  const source = fileURLToPath(new URL('as/naive.ts', import.meta.url))
  const memory = ['--importMemory', '--sharedMemory', '--initialMemory', '2', '--maximumMemory', '65536']
  const flags = [
    '-O3',
    '--noAssert',
    '--runtime',
    'stub',
    '--memoryBase',
    '1024',
    '--enable',
    'simd,threads,bulk-memory',
  ]
  execFileSync(process.execPath, [compiler, source, '-o', file, ...flags, ...memory], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const module = new WebAssembly.Module(new Uint8Array(readFileSync(file)))
  rmSync(folder, { recursive: true })
  return module
}
