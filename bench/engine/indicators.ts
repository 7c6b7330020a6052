/** Indicators a column, beside the same recurrences in C. */
import { Twins } from '../../test/engine/twins.ts'
import { compileC } from './c-program.ts'
import { median, race } from './clock.ts'
import type { BenchData } from './data.ts'
import { builtIn, jobOf } from './jobs.ts'
import { type Report, round } from './report.ts'

const ROUNDS = 25

export async function indicators(report: Report, data: BenchData): Promise<void> {
  const { close, high, low, volume } = data.candles
  const { kernel, dataSet } = await Twins.of(jobOf(builtIn('rsi-adx-volume'), data.candles, 1))
  const out = dataSet.arena.alloc(dataSet.columnBytes)
  const at = dataSet.candles
  const n = dataSet.length
  using program = compileC('indicators.c')
  program?.input(close.slice(), high.slice(), low.slice(), volume.slice())
  const c = program?.call(String(n), String(ROUNDS)) as Record<string, number[]> | undefined
  const ours = race(
    {
      rsi: { run: () => kernel.rsi(at.close, n, 14, out) },
      adx: { run: () => kernel.directional(at.high, at.low, at.close, n, 14, 0, 0, out) },
      ema: { run: () => kernel.ema(at.close, n, 20, out) },
      atr: { run: () => kernel.atr(at.high, at.low, at.close, n, 14, out) },
      sma: { run: () => kernel.sma(at.volume, n, 20, out) },
    },
    ROUNDS,
  )
  const ratios: number[] = []
  const rows = Object.entries(ours).map(([name, times]) => {
    const ratio = c ? median(times) / median(c[name]) : NaN
    ratios.push(ratio)
    return {
      indicator: name,
      [`ms for ${n} bars`]: round(median(times)),
      'C -O3, ms': c ? round(median(c[name])) : null,
      'this engine / C': c ? round(ratio) : null,
    }
  })
  report.table('indicators', rows)
  report.goal('indicators against C, the slowest of five', Math.max(...ratios), '≤', 1.1, '×')
}
