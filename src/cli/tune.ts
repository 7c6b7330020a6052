import { readConfig } from '../config.ts'
import { Client, ERROR_FIELDS } from './client.ts'
import { CliFailure, EXIT, explain } from './failure.ts'
import { isFinal, wholeJob, type FinishedJob } from './finished-job.ts'
import { followJob } from './follow.ts'
import { readJsonObject, type JsonObject } from './json-file.ts'
import { print, say } from './output.ts'
import { ProgressView } from './progress.ts'
import { tuningInput } from './run-file.ts'
import { verdictLines } from './verdict.ts'

export interface TuneOptions {
  url?: string
  token?: string
  json?: boolean
}

const CREATE = `mutation ($input: CreateTuningJobInput!) {
  result: createTuningJob(input: $input) { ${ERROR_FIELDS} ... on CreateTuningJobSuccess { job { id } } }
}`
const CANCEL = `mutation ($id: ID!) { result: cancelTuningJob(id: $id) { ${ERROR_FIELDS} } }`

/**
 * Run the tuning job that a file describes and report its result.
 *
 * @returns the exit code: ready, finished but not ready, or interrupted
 * @throws CliFailure the file, the job or the connection failed
 */
export async function tune(path: string, options: TuneOptions): Promise<number> {
  const file = readJsonObject(path)
  const client = await Client.open(readConfig(process.env), options)
  try {
    const job = await runJob(client, await tuningInput(client, path, file), { quiet: options.json === true })
    if (!job) return EXIT.interrupted
    if (options.json) print(JSON.stringify(job, null, 2))
    else verdictLines(job, process.stdout.columns).forEach((line) => print(line))
    return job.readiness?.productionReady ? EXIT.ready : EXIT.notReady
  } finally {
    await client.close()
  }
}

/**
 * Create a job and wait until it is final, showing its progress.
 *
 * @returns the completed job; null where the person pressed Ctrl-C
 * @throws CliFailure the job was refused, failed, or cancelled elsewhere
 */
export async function runJob(
  client: Client,
  input: JsonObject,
  { quiet }: { quiet: boolean },
): Promise<FinishedJob | null> {
  const { job } = await client.mutate<{ job: { id: string } }>(CREATE, { input })
  const view = new ProgressView(process.stderr)
  using interrupt = onInterrupt()
  try {
    await followJob(client, job.id, (change) => !quiet && view.show(change), interrupt.signal)
  } finally {
    if (!quiet) view.end()
  }
  if (interrupt.signal.aborted) {
    await leave(client, job.id)
    return null
  }
  return readFinished(client, job.id)
}

async function readFinished(client: Client, id: string): Promise<FinishedJob> {
  const { tuningJob: job } = await client.query<{ tuningJob: FinishedJob | null }>(wholeJob(), { id })
  if (!job) throw new CliFailure(`Job ${id} was deleted meanwhile.`)
  if (job.status === 'CANCELLED') throw new CliFailure(`Job ${id} was cancelled.`)
  if (job.status === 'COMPLETED') return job
  if (!isFinal(job.status)) throw new CliFailure(`Job ${id} is still ${job.status}.`)
  throw new CliFailure(
    `Job ${id} failed while ${job.error?.phase.toLowerCase()}: ${job.error?.message ?? 'no reason given.'}`,
  )
}

/** A job in this process ends with it, so it is cancelled, unless it has just finished; one on a server goes on. */
async function leave(client: Client, id: string): Promise<void> {
  if (client.transport.kind !== 'local') {
    say(`No longer watching. Job ${id} goes on at ${client.transport.endpoint}.`)
    return
  }
  const cancelled = `Job ${id} is cancelled.`
  say(
    await client.mutate(CANCEL, { id }).then(
      () => cancelled,
      (error: unknown) => explain(error).message,
    ),
  )
}

/** Turns the first Ctrl-C into an abort; the second ends the process at once, as Node does by itself. */
function onInterrupt(): Disposable & { signal: AbortSignal } {
  const controller = new AbortController()
  const abort = (): void => controller.abort()
  process.once('SIGINT', abort)
  return { signal: controller.signal, [Symbol.dispose]: () => process.off('SIGINT', abort) }
}
