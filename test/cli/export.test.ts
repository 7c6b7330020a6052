import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parquetReadObjects } from 'hyparquet'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { EXPORTS, exportJob, type ExportOptions } from '../../src/cli/export.ts'
import { serveHttp, type HttpServer } from '../../src/server/http.ts'
import { METRIC_NAMES } from '../../src/backtest/metrics.ts'
import type { TuningJobRow } from '../../src/tuning/table.ts'
import { startWorker } from '../../src/tuning/worker.ts'
import { TEST_TOKEN, testContext, type TestContext } from '../helpers.ts'
import { runJob } from '../tuning/jobs.ts'

const folder = mkdtempSync(join(tmpdir(), 'tunebook-export-'))
let ctx: TestContext
let server: HttpServer
let job: TuningJobRow
beforeAll(async () => {
  vi.stubEnv('TUNEBOOK_HOME', join(folder, 'home'))
  ctx = await testContext()
  await startWorker(ctx)
  server = await serveHttp({ ...ctx, config: { ...ctx.config, port: 0 } }, '/nowhere')
  job = await runJob(ctx, { name: '=HYPERLINK("http://x";"y")' })
}, 180_000)
afterAll(async () => {
  await server.close()
  await ctx.close()
  vi.unstubAllEnvs()
  rmSync(folder, { recursive: true, force: true })
})

const exporting = (options: Partial<ExportOptions> & { as: string }, id = job.id) =>
  exportJob(id, { url: server.url, token: TEST_TOKEN, ...options })

/** What `tunebook export` writes to a file. */
async function written(as: string): Promise<Buffer> {
  const out = join(folder, `job.${as}`)
  expect(await exporting({ as, out })).toBe(0)
  return readFileSync(out)
}

const rowsOf = (file: Buffer) => parquetReadObjects({ file: Uint8Array.from(file).buffer })
const lines = (file: Buffer) => file.toString().split('\r\n').slice(0, -1)

const CHECKS: Record<keyof typeof EXPORTS, (file: Buffer) => void | Promise<void>> = {
  freqtrade: (file) =>
    expect(JSON.parse(file.toString())).toMatchObject({ strategy_name: 'RsiAdxVolume', ft_stratparam_v: 1 }),
  yaml: (file) => expect(file.toString()).toMatch(/^parameters:\n {2}rsi_oversold: /m),
  samples: (file) => {
    const [head, ...rows] = lines(file)
    expect(head.split(',').slice(-METRIC_NAMES.length)).toEqual(METRIC_NAMES)
    expect(rows).toHaveLength(job.sampleCount)
  },
  'samples-parquet': async (file) => {
    const rows = await rowsOf(file)
    expect(rows.map(({ index }) => index)).toEqual(Array.from({ length: job.sampleCount }, (_, index) => index))
  },
  trades: (file) => expect(lines(file)).toHaveLength(1 + job.result!.outOfSample!.metrics.tradeCount!),
  'trades-parquet': async (file) => {
    const profit = (await rowsOf(file)).reduce((sum, { profitAbs }) => sum + Number(profitAbs), 0)
    expect(job.execution.initialCapital + profit).toBeCloseTo(job.result!.outOfSample!.metrics.finalEquity!, 6)
  },
  report: (file) => expect(file.toString()).toContain(job.result!.readiness.explanation),
  json: (file) => expect(JSON.parse(file.toString()).result.readiness).toEqual(job.result!.readiness),
}

test.each(Object.keys(CHECKS) as (keyof typeof EXPORTS)[])('a job is exported as %s', async (as) => {
  const file = await written(as)
  await CHECKS[as](file)
  // No cell of a spreadsheet begins with a formula, whatever the job is called.
  if (as === 'samples' || as === 'trades') expect(file.toString()).not.toMatch(/(^|[,\n"])[=+@]/m)
})

test('without a file it goes to standard output', async () => {
  const out: (string | Uint8Array)[] = []
  const write = vi.spyOn(process.stdout, 'write').mockImplementation(((piece: string, done?: () => void) => {
    out.push(piece)
    done?.()
    return true
  }) as typeof process.stdout.write)
  await exporting({ as: 'yaml' }).finally(() => write.mockRestore())
  expect(out.join('')).toBe((await written('yaml')).toString())
})

test('what cannot be exported is said, and leaves no file', async () => {
  await expect(exporting({ as: 'xlsx' })).rejects.toThrow('--as xlsx is not a format. There are freqtrade, yaml')
  const out = join(folder, 'none')
  await expect(exporting({ as: 'yaml', out }, 'job_none')).rejects.toThrow('There is no tuning job job_none')
  await expect(exporting({ as: 'yaml', out: join(folder, 'no', 'file') })).rejects.toThrow('cannot be written (ENOENT)')
  expect(() => readFileSync(out)).toThrow('ENOENT')
  expect(() => readFileSync(`${out}.part`)).toThrow('ENOENT')
})
