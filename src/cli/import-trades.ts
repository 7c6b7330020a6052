import { readFile } from 'node:fs/promises'
import { readConfig } from '../config.ts'
import { Client, ERROR_FIELDS } from './client.ts'
import { CliFailure, EXIT, usageFailure } from './failure.ts'
import { isSqlite, readFreqtradeDatabase } from './freqtrade-database.ts'
import { fileProblem, type JsonObject } from './json-file.ts'
import { print } from './output.ts'
import { whole } from './text.ts'
import { parseTradeFile } from './trade-file.ts'

/** Rows of one request: they fit into its largest body. */
const BATCH = 2_000

const RECORD = `mutation ($playbookId: ID!, $trades: [TradeInput!]!) {
  result: recordTrades(playbookId: $playbookId, trades: $trades) {
    ${ERROR_FIELDS}
    ... on RecordTradesSuccess { recorded duplicates }
  }
}`

/** Add the trades of a file to a playbook's memory. The same file again changes nothing. */
export async function importTrades(
  path: string,
  options: { playbook: string; url?: string; token?: string; json?: boolean },
): Promise<number> {
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => Promise.reject(fileProblem(path, error)))
  const trades = parse(path, bytes)
  const client = await Client.open(readConfig(process.env), options)
  try {
    const { playbook } = await client.query<{ playbook: { id: string } | null }>(
      'query ($name: String!) { playbook(name: $name) { id } }',
      { name: options.playbook },
    )
    if (!playbook) throw new CliFailure(`There is no playbook named ${options.playbook}.`)
    const total = { recorded: 0, duplicates: 0 }
    for (let from = 0; from < trades.length; from += BATCH) {
      const batch = { playbookId: playbook.id, trades: trades.slice(from, from + BATCH) }
      const { recorded, duplicates } = await client.mutate<typeof total>(RECORD, batch)
      total.recorded += recorded
      total.duplicates += duplicates
    }
    if (options.json) print(JSON.stringify(total, null, 2))
    else
      print(
        `${options.playbook}: ${whole(total.recorded)} trades recorded, ${whole(total.duplicates)} were there already`,
      )
    return EXIT.ready
  } finally {
    await client.close()
  }
}

function parse(path: string, bytes: Buffer): JsonObject[] {
  try {
    return isSqlite(bytes) ? readFreqtradeDatabase(path) : parseTradeFile(bytes.toString())
  } catch (error) {
    throw usageFailure(`${path} ${(error as Error).message}`)
  }
}
