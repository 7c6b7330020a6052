/** What a run takes beside the candles and columns. */
import { laneBytes, sharedBytes, shapeOf } from '../../src/engine/fast-job.ts'
import { Engine } from '../../src/engine/pool.ts'
import { type BenchData, MINUTE } from './data.ts'
import { builtIn, jobOf } from './jobs.ts'
import { type Report, round } from './report.ts'

export async function memory(report: Report, data: BenchData): Promise<void> {
  const given = jobOf(builtIn('rsi-adx-volume'), data.candles, 1000)
  const engine = new Engine(2, () => {})
  const dataSet = engine.dataSet(given.candles, MINUTE)
  const candles = dataSet.arena.usedBytes
  const request = { ...given, dataSet }
  await engine.backtest(request)
  const columns = dataSet.arena.usedBytes - candles
  const beside = dataSet.arena.committedBytes - dataSet.arena.usedBytes
  const planned = sharedBytes(request) + 2 * laneBytes(shapeOf(request), 500) + 2 * dataSet.columnScratchBytes
  await engine.close()
  const mb = (bytes: number): number => round(bytes / 2 ** 20)
  report.table('memory: 1,000 × 259,200, two threads, MiB', [
    {
      candles: mb(candles),
      columns: mb(columns),
      'run, as planned': mb(planned),
      'run, at its peak': mb(beside),
      'peak of this process (RSS)': mb(process.resourceUsage().maxRSS * 1024),
    },
  ])
  report.goal('memory beside the columns for 1,000 samples', beside / 2 ** 20, '≤', 64, 'MiB')
}
