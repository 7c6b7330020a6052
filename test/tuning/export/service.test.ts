import { spawnSync } from 'node:child_process'
import { parquetReadObjects } from 'hyparquet'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { METRIC_NAMES } from '../../../src/backtest/metrics.ts'
import { exportJob, SAMPLES_AT_ONCE, type ExportFormat } from '../../../src/tuning/export/service.ts'
import { readSamples } from '../../../src/tuning/sample-store.ts'
import type { TuningJobRow } from '../../../src/tuning/table.ts'
import { startWorker } from '../../../src/tuning/worker.ts'
import { answered, asker } from '../../graphql/ask.ts'
import { testContext, type TestContext } from '../../helpers.ts'
import { runJob } from '../jobs.ts'

let ctx: TestContext
let job: TuningJobRow
beforeAll(async () => {
  ctx = await testContext()
  await startWorker(ctx)
  job = await runJob(ctx, { name: 'a job\n"evil": true' })
})
afterAll(() => ctx.close())

function exported(format: ExportFormat, fromSample = 0, of: TuningJobRow = job): Promise<string> {
  return exportJob(ctx, of, { format, fromSample })
}

function table(csv: string): Record<string, string>[] {
  const [head, ...rows] = csv
    .split('\r\n')
    .filter((line) => line !== '')
    .map((line) => line.split(','))
  return rows.map((row) => Object.fromEntries(head.map((name, at) => [name, row[at]])))
}

describe('a job as CSV', () => {
  test('has a row for each sample, with the figures of the database', async () => {
    const rows = table(await exported('SAMPLES_CSV'))
    const stored = await readSamples(ctx.db, job.id)
    expect(rows.map(({ index, split, objective }) => [index, split, objective])).toEqual(
      stored.map(({ index, split, objective }) => [String(index), split, objective === null ? '' : String(objective)]),
    )
    const names = job.strategy.parameterSpace.map(({ name }) => name)
    expect(Object.keys(rows[0])).toEqual(['index', 'split', 'objective', 'predicted', ...names, ...METRIC_NAMES])
    expect(rows[0].tradeCount).toBe(String(stored[0].tradeCount))
  })

  test('comes in pieces that join to the whole', async () => {
    const whole = await exported('SAMPLES_CSV')
    const rest = await exported('SAMPLES_CSV', 30)
    expect(table(whole).length).toBeLessThan(SAMPLES_AT_ONCE)
    expect(whole.endsWith(rest)).toBe(true)
    expect(rest.startsWith('30,')).toBe(true)
    expect(await exported('SAMPLES_CSV', job.sampleCount)).toBe('')
    await expect(exported('SAMPLES_CSV', -1)).rejects.toThrow('fromSample: -1 is not the index of a sample')
  })

  test('has the trades that make the out-of-sample figures', async () => {
    const rows = table(await exported('TRADES_CSV'))
    const { metrics } = job.result!.outOfSample!
    expect(rows).toHaveLength(metrics.tradeCount!)
    const profit = rows.reduce((sum, { profitAbs }) => sum + Number(profitAbs), job.execution.initialCapital)
    expect(profit).toBeCloseTo(metrics.finalEquity!, 6)
    expect(rows.every(({ symbol, entryTime }) => symbol === 'TEST/USDT' && Date.parse(entryTime) >= job.testFrom)).toBe(
      true,
    )
  })

  test('does not pass off other trades as those that were judged', async () => {
    const { result } = job
    const outOfSample = { ...result!.outOfSample!, metrics: { ...result!.outOfSample!.metrics, finalEquity: 1 } }
    const changed = { ...job, result: { ...result!, outOfSample } }
    await expect(exported('TRADES_CSV', 0, changed)).rejects.toThrow('comes out differently today')
  })
})

describe('a job as Parquet', () => {
  const rowsOf = async (format: ExportFormat, fromSample = 0) =>
    parquetReadObjects({ file: Uint8Array.from(Buffer.from(await exported(format, fromSample), 'base64')).buffer })

  test('has the samples of the CSV file, as numbers', async () => {
    const rows = await rowsOf('SAMPLES_PARQUET')
    const texts = table(await exported('SAMPLES_CSV'))
    expect(rows.map((row) => Object.values(row).map((cell) => String(cell ?? '')))).toEqual(texts.map(Object.values))
    expect(Object.keys(rows[0])).toEqual(Object.keys(texts[0]))
    expect(await rowsOf('SAMPLES_PARQUET', 30)).toEqual(rows.slice(30))
    expect(await exported('SAMPLES_PARQUET', job.sampleCount)).toBe('')
  })

  test('has the trades of the CSV file, with times as times', async () => {
    const rows = await rowsOf('TRADES_PARQUET')
    const texts = table(await exported('TRADES_CSV'))
    expect(rows).toHaveLength(job.result!.outOfSample!.metrics.tradeCount!)
    expect(rows.map(({ entryTime, profitAbs }) => [(entryTime as Date).toISOString(), String(profitAbs)])).toEqual(
      texts.map(({ entryTime, profitAbs }) => [entryTime, profitAbs]),
    )
  })
})

describe('the best parameters', () => {
  test('as YAML stand under their evidence, on lines that no name can break out of', async () => {
    const yaml = await exported('YAML')
    const settings = yaml.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
    const { parameters } = job.result!.candidates[0]
    expect(settings).toEqual([
      'strategy: "rsi-adx-volume"',
      'exchange: "synthetic"',
      'symbol: "TEST/USDT"',
      'timeframe: "15m"',
      `job: "${job.id}"`,
      `result_digest: "${job.resultDigest}"`,
      'parameters:',
      ...job.strategy.parameterSpace.map(({ name }) => `  ${name}: ${parameters[name]}`),
      'levels:',
      `  stopLoss: ${parameters.sl}`,
      `  takeProfit: ${parameters.tp}`,
    ])
    expect(yaml).toContain(job.result!.readiness.explanation)
    for (const { name } of job.result!.readiness.gates) expect(yaml).toContain(name)
  })

  test('as YAML are read by another reader as the same numbers', async ({ skip }) => {
    const read = 'import json, sys, yaml; print(json.dumps(yaml.safe_load(sys.stdin.read())["parameters"]))'
    const tiny = { ...job.result!.candidates[0].parameters, sl: 1e-7, tp: 1.5e-9 }
    const result = { ...job.result!, candidates: [{ ...job.result!.candidates[0], parameters: tiny }] }
    const input = await exported('YAML', 0, { ...job, result, strategy: anyValue(job.strategy) })
    const { status, stdout } = spawnSync('python3', ['-c', read], { input, encoding: 'utf8' })
    skip(status !== 0, 'no python3 with PyYAML here')
    expect(JSON.parse(stdout)).toEqual(tiny)
  })

  test('are the same file whenever they are exported', async () => {
    expect(await exported('FREQTRADE')).toBe(await exported('FREQTRADE'))
    expect(await exported('FREQTRADE')).toContain(job.finishedAt!.toISOString().slice(0, 10))
  })

  test('of a job without a result are a conflict that says so', async () => {
    const pending = { ...job, status: 'RUNNING' as const, result: null }
    await expect(exported('YAML', 0, pending)).rejects.toThrow('is RUNNING and has no result')
    const empty = { ...job, result: { ...job.result!, candidates: [] } }
    await expect(exported('FREQTRADE', 0, empty)).rejects.toThrow('none kept the risk limits')
  })
})

test('the API hands all of them out', async () => {
  const tables = ['SAMPLES_CSV', 'SAMPLES_PARQUET', 'TRADES_CSV', 'TRADES_PARQUET'] as const
  const fields = ['MARKDOWN', 'JSON', 'FREQTRADE', 'YAML', ...tables] as const
  const selection = fields.map((format) => `${format}: report(format: ${format})`).join(' ')
  const { tuningJob } = await answered(asker(ctx)(`query ($id: ID!) { tuningJob(id: $id) { ${selection} } }`, job))
  for (const format of fields) expect(tuningJob[format]).toBe(await exported(format))
})

function anyValue(strategy: TuningJobRow['strategy']): TuningJobRow['strategy'] {
  return { ...strategy, parameterSpace: strategy.parameterSpace.map((spec) => ({ ...spec, low: 1e-9, high: 1e9 })) }
}
