import { randomUUID } from 'node:crypto'
import { constants, createReadStream } from 'node:fs'
import { access, copyFile, mkdir, readFile, rm, stat } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { readConfig, type Config } from '../config.ts'
import type { AppContext } from '../context.ts'
import { importCandleStream } from '../market/service.ts'
import { Client, ERROR_FIELDS } from './client.ts'
import { EXIT, usageFailure } from './failure.ts'
import { fileProblem } from './json-file.ts'
import { marketName, type MarketInfo } from './lookup.ts'
import { print } from './output.ts'
import { figure, minute, whole } from './text.ts'

export interface ImportOptions {
  symbol: string
  timeframe: string
  exchange: string
  url?: string
  token?: string
  json?: boolean
}

interface Imported {
  market: MarketInfo & { quality: { score: number; missingCandles: number; gaps: { missing: number }[] } }
  imported: number
  duplicates: number
  warnings: string[]
}

type Name = Pick<ImportOptions, 'symbol' | 'timeframe' | 'exchange'>

/** What fits, as base64, into one request. */
const MAX_CONTENT_BYTES = 3_000_000
const PIECE_BYTES = 1 << 20

const MARKET =
  'id exchange symbol timeframe candleCount from to quality { score missingCandles gaps { from to missing } }'
const IMPORT = `mutation ($input: CandleImportInput!) {
  result: importCandles(input: $input) {
    ${ERROR_FIELDS}
    ... on ImportCandlesSuccess { market { ${MARKET} } imported duplicates warnings }
  }
}`

/** Import a file of candles into a market and say what is now there. */
export async function importFile(path: string, options: ImportOptions): Promise<number> {
  await access(path, constants.R_OK).catch((error: NodeJS.ErrnoException) => Promise.reject(fileProblem(path, error)))
  const facts = await stat(path)
  if (!facts.isFile()) throw usageFailure(`${path} is not a file.`)
  const config = readConfig(process.env)
  const client = await Client.open(config, options)
  const { symbol, timeframe, exchange } = options
  try {
    const result = await send(client, config, path, facts.size, { symbol, timeframe, exchange })
    if (options.json) print(JSON.stringify(result, null, 2))
    else report(result)
    return EXIT.ready
  } finally {
    await client.close()
  }
}

/** By the shortest way: as a stream in this process, in the request, or through the server's import folder. */
async function send(client: Client, config: Config, path: string, size: number, name: Name): Promise<Imported> {
  const { ctx, kind, endpoint } = client.transport
  if (ctx) return inProcess(client, ctx, path, name)
  const mutate = (source: object) => client.mutate<Imported>(IMPORT, { input: { ...name, ...source } })
  if (size <= MAX_CONTENT_BYTES) return mutate({ content: (await readFile(path)).toString('base64') })
  if (kind === 'nearby') return throughFolder(join(config.home, 'import'), path, (file) => mutate({ file }))
  throw usageFailure(
    `${path} is too large for one request (${whole(size)} bytes; ${whole(MAX_CONTENT_BYTES)} fit). Pack it by gzip, or put it into the folder "import" inside TUNEBOOK_HOME of that server and name it in the mutation importCandles at ${endpoint}.`,
  )
}

async function inProcess(client: Client, ctx: AppContext, path: string, name: Name): Promise<Imported> {
  const bytes = createReadStream(path, { highWaterMark: PIECE_BYTES })
  const { market, imported, duplicates, warnings } = await importCandleStream(ctx, name, bytes)
  const query = `query ($id: ID!) { market(id: $id) { ${MARKET} } }`
  return { ...(await client.query<Pick<Imported, 'market'>>(query, { id: market.id })), imported, duplicates, warnings }
}

/** The server is on this machine: lend it a copy. */
async function throughFolder(
  folder: string,
  path: string,
  run: (file: string) => Promise<Imported>,
): Promise<Imported> {
  const name = `${randomUUID()}${extname(path)}`
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await copyFile(path, join(folder, name), constants.COPYFILE_FICLONE)
  try {
    return await run(name)
  } finally {
    await rm(join(folder, name), { force: true })
  }
}

function report({ market, imported, duplicates, warnings }: Imported): void {
  const { quality } = market
  const repeated = duplicates > 0 ? `, ${whole(duplicates)} were there already` : ''
  print(`${marketName(market)}: ${whole(imported)} candles imported${repeated}`)
  print(`  ${whole(market.candleCount)} candles, ${minute(market.from!)} to ${minute(market.to!)} UTC`)
  const missing = `${whole(quality.missingCandles)} missing in ${whole(quality.gaps.length)} gaps`
  print(
    `  quality ${figure(Math.round(quality.score * 10) / 10)} of 100, ${quality.missingCandles > 0 ? missing : 'no gaps'}`,
  )
  for (const warning of warnings) print(`  ! ${warning}`)
  print(`  id ${market.id}`)
}
