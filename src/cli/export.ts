import { open, rename, rm } from 'node:fs/promises'
import { readConfig } from '../config.ts'
import { joinParquet, rowCount } from '../tuning/export/parquet.ts'
import type { ExportFormat } from '../tuning/export/service.ts'
import { Client, type Connecting } from './client.ts'
import { CliFailure, EXIT, usageFailure } from './failure.ts'
import { say } from './output.ts'

/** What the command line calls the formats. */
export const EXPORTS = {
  freqtrade: 'FREQTRADE',
  yaml: 'YAML',
  samples: 'SAMPLES_CSV',
  'samples-parquet': 'SAMPLES_PARQUET',
  trades: 'TRADES_CSV',
  'trades-parquet': 'TRADES_PARQUET',
  report: 'MARKDOWN',
  json: 'JSON',
} as const satisfies Record<string, ExportFormat>

const EXPORT = `query ($id: ID!, $format: ReportFormat!, $fromSample: Int!) {
  tuningJob(id: $id) { report(format: $format, fromSample: $fromSample) }
}`

export interface ExportOptions extends Connecting {
  as: string
  out?: string
}

/**
 * Write a job in a form that another tool can read, to a file or to standard output.
 *
 * @throws CliFailure no such job or format; nothing in it to export; the file cannot be written
 */
export async function exportJob(jobId: string, { as, out, ...connecting }: ExportOptions): Promise<number> {
  if (!Object.hasOwn(EXPORTS, as)) {
    throw usageFailure(`--as ${as} is not a format. There are ${Object.keys(EXPORTS).join(', ')}.`)
  }
  const client = await Client.open(readConfig(process.env), connecting)
  try {
    const pieces = piecesOf(client, jobId, EXPORTS[as as keyof typeof EXPORTS])
    if (out === undefined) for await (const piece of pieces) await toStdout(piece)
    else {
      await toFile(out, pieces)
      say(`Job ${jobId} stands in ${out}.`)
    }
    return EXIT.ready
  } finally {
    await client.close()
  }
}

/** What the API hands out: samples in pieces until there are no more, everything else whole. */
async function* piecesOf(client: Client, id: string, format: ExportFormat): AsyncGenerator<string | Uint8Array> {
  if (format === 'SAMPLES_PARQUET') yield await samplesParquet(client, id)
  else if (format === 'TRADES_PARQUET') yield Buffer.from(await reportOf(client, id, format), 'base64')
  else yield* textOf(client, id, format)
}

async function* textOf(client: Client, id: string, format: ExportFormat): AsyncGenerator<string> {
  for (let fromSample = 0; ;) {
    const text = await reportOf(client, id, format, fromSample)
    if (text !== '') yield text
    if (format !== 'SAMPLES_CSV') return
    const next = lastIndex(text) + 1
    if (next <= fromSample) return
    fromSample = next
  }
}

/** @throws CliFailure no such job */
async function reportOf(client: Client, id: string, format: ExportFormat, fromSample = 0): Promise<string> {
  const variables = { id, format, fromSample }
  const { tuningJob } = await client.query<{ tuningJob: { report: string } | null }>(EXPORT, variables)
  if (!tuningJob) throw new CliFailure(`There is no tuning job ${id}. "npx tunebook tune" prints the id of its job.`)
  return tuningJob.report
}

/** The index in the last row of a piece of samples; −1 where it has none. */
function lastIndex(csv: string): number {
  const row = csv.slice(csv.lastIndexOf('\n', csv.length - 2) + 1)
  return /^\d/.test(row) ? Number.parseInt(row, 10) : -1
}

/** A Parquet file ends with a directory of all its rows, so its pieces are joined before it is written. */
async function samplesParquet(client: Client, id: string): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  for (let fromSample = 0; ;) {
    const piece = Buffer.from(await reportOf(client, id, 'SAMPLES_PARQUET', fromSample), 'base64')
    if (piece.length > 0) pieces.push(piece)
    if (piece.length === 0 || rowCount(piece) === 0) return pieces.length === 1 ? pieces[0] : joinParquet(pieces)
    fromSample += rowCount(piece)
  }
}

function toStdout(piece: string | Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => process.stdout.write(piece, (error) => (error ? reject(error) : resolve())))
}

/** Whole or not at all: what stood in the file stays until everything is there. */
async function toFile(path: string, pieces: AsyncIterable<string | Uint8Array>): Promise<void> {
  const part = `${path}.part`
  const file = await open(part, 'w').catch((error: NodeJS.ErrnoException) => {
    throw new CliFailure(`${path} cannot be written (${error.code}). Name a file in a folder that is there.`)
  })
  try {
    for await (const piece of pieces) await file.appendFile(piece)
    await file.close()
    await rename(part, path)
  } catch (error) {
    await file.close()
    await rm(part, { force: true })
    throw error
  }
}
