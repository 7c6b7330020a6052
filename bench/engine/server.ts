/** What a user waits for: the start of the server, whole jobs on it, and 10,000 candidates over HTTP. */
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Client } from '../../src/cli/client.ts'
import type { FinishedJob } from '../../src/cli/finished-job.ts'
import { readJsonObject } from '../../src/cli/json-file.ts'
import { tuningInput } from '../../src/cli/run-file.ts'
import { runJob } from '../../src/cli/tune.ts'
import { readConfig } from '../../src/config.ts'
import { drawSamples } from '../../src/strategy/sampling.ts'
import { median, quantileOf } from './clock.ts'
import { builtIn } from './jobs.ts'
import { type Report, type Row, round } from './report.ts'
import { BenchServer } from './server-process.ts'

const CANDIDATES = 10_000
const JOBS: [name: string, goalMs: number, isLong: boolean][] = [
  ['quick', 1000, false],
  ['full', 3000, false],
  ['maximum', 15_000, true],
]

export async function server(
  report: Report,
  { rounds, requests }: { rounds: number; requests: number },
): Promise<void> {
  await using server = new BenchServer()
  await server.prepare()
  report.note(
    `Jobs on the server: quick and full on ${server.shortIsReal ? 'real' : 'synthetic'} minutes of 90 days, maximum on synthetic ones of eight months.`,
  )
  await coldStart(report, server, Math.min(5, rounds))
  const jobs = await wholeJobs(report, server, Math.min(3, rounds))
  await candidates(report, server, jobs, requests)
}

/** Leaves the server running. */
async function coldStart(report: Report, server: BenchServer, rounds: number): Promise<void> {
  const starts: { readyMs: number; answerMs: number }[] = []
  for (let turn = 0; turn < rounds; turn++) {
    await server.stop()
    starts.push(await server.start())
  }
  report.table('cold start of the server', [
    {
      'ms until /health/ready': round(median(starts.map(({ readyMs }) => readyMs))),
      'ms until the first answer': round(median(starts.map(({ answerMs }) => answerMs))),
      starts: rounds,
    },
  ])
}

/** The examples as they are, but for the market of the long one; wall time from the request to the whole result. */
async function wholeJobs(report: Report, server: BenchServer, rounds: number): Promise<FinishedJob[]> {
  const client = await Client.open(readConfig({ TUNEBOOK_HOME: server.home }), { url: server.url })
  const rows: Row[] = []
  const finished: FinishedJob[] = []
  for (const [name, goalMs, isLong] of JOBS) {
    const path = fileURLToPath(new URL(`../../examples/${name}.json`, import.meta.url))
    const file = { ...readJsonObject(path), market: isLong ? server.long : server.short }
    const times: number[] = []
    let job: FinishedJob | null = null
    for (let turn = 0; turn < rounds; turn++) {
      const input = await tuningInput(client, path, { ...file, seed: 7 + turn })
      const begin = performance.now()
      job = await runJob(client, { ...input }, { quiet: true })
      times.push(performance.now() - begin)
    }
    finished.push(job!)
    rows.push({
      job: `${name}.json`,
      samples: job!.sampleCount,
      algorithm: job!.algorithm,
      'ms, first': round(times[0]),
      'ms, median': round(median(times)),
      runs: rounds,
    })
    report.goal(`${name}.json as a whole job`, median(times), '≤', goalMs, 'ms')
  }
  await client.close()
  report.table('whole jobs, server running, wall time', rows)
  return finished
}

async function candidates(report: Report, server: BenchServer, jobs: FinishedJob[], requests: number): Promise<void> {
  const specs = builtIn('rsi-adx-volume').parameterSpace
  const names = specs.map(({ name }) => name)
  const { rows: values } = drawSamples({ specs, sampler: 'LATIN_HYPERCUBE', count: CANDIDATES, seed: 9 })
  const rows = Array.from({ length: CANDIDATES }, (_, at) => [
    ...values.subarray(at * names.length, (at + 1) * names.length),
  ])
  const packed = Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString('base64')
  const ways = {
    packed: { given: { names, packed }, fields: 'best predictedPacked lowPacked highPacked confidencePacked' },
    rows: { given: { names, rows }, fields: 'best predicted low high confidence outOfDomain' },
  }
  const table: Row[] = []
  for (const job of jobs.filter(({ model }) => model)) {
    for (const [way, { given, fields }] of Object.entries(ways)) {
      const times = await score(server, job.model!.id, given, fields, requests)
      table.push({ model: job.algorithm, as: way, ...shown(times), requests })
      if (job.algorithm !== 'RANDOM_FOREST') continue
      report.goal(
        `10,000 candidates, whole request, ${way}, p50`,
        median(times.http),
        '≤',
        way === 'rows' ? 120 : 50,
        'ms',
      )
    }
  }
  report.table('10,000 candidates over HTTP, ms', table)
}

interface Times {
  kernel: number[]
  resolver: number[]
  http: number[]
  /** CPU ms of the server a request, on average */
  cpu: number
}

async function score(server: BenchServer, id: string, given: object, fields: string, requests: number): Promise<Times> {
  const query = `query ($id: ID!, $given: CandidateMatrixInput!) {
    scoreCandidates(modelId: $id, candidates: $given) { kernelMs totalMs ${fields} } }`
  const times: Times = { kernel: [], resolver: [], http: [], cpu: NaN }
  let cpu = NaN
  for (let turn = -5; turn < requests; turn++) {
    if (turn === 0) cpu = server.cpuMs
    const begin = performance.now()
    const response = await server.ask(query, { id, given })
    const text = await response.text()
    const ms = performance.now() - begin
    const { data, errors } = JSON.parse(text) as {
      data?: { scoreCandidates: { kernelMs: number; totalMs: number } }
      errors?: { extensions: { retryAfterMs?: number } }[]
    }
    const pauseMs = errors?.[0].extensions.retryAfterMs
    if (pauseMs !== undefined) {
      await wait(pauseMs) // so much scoring at once is rationed; we want to know how fast one is
      turn--
      continue
    }
    if (!data) throw new Error(`Candidates were not scored: ${JSON.stringify(errors)}`)
    if (turn < 0) continue
    times.http.push(ms)
    times.kernel.push(data.scoreCandidates.kernelMs)
    times.resolver.push(data.scoreCandidates.totalMs)
  }
  times.cpu = (server.cpuMs - cpu) / requests
  return times
}

function shown({ kernel, resolver, http, cpu }: Times): Row {
  return {
    'kernel p50': round(median(kernel)),
    'resolver p50': round(median(resolver)),
    'request p50': round(median(http)),
    'request p99': round(quantileOf(http, 0.99)),
    'server CPU': Number.isNaN(cpu) ? null : round(cpu),
  }
}
