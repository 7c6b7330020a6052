import { setTimeout as sleep } from 'node:timers/promises'
import { readConfig } from '../config.ts'
import { Client, ERROR_FIELDS, type Connecting } from './client.ts'
import { CliFailure, EXIT } from './failure.ts'
import { paint, print } from './output.ts'
import { duration, table } from './text.ts'

const REPLAY = `mutation ($id: ID!) {
  result: replayTuningJob(id: $id) { ${ERROR_FIELDS} ... on ReplayTuningJobSuccess { replay { id } } }
}`
const FIND = `query ($id: ID!) {
  replay(id: $id) { jobId status error same storedDigest digest parts { name same } durationMs }
}`
const LOOK_MS = 300

interface Found {
  jobId: string
  status: 'PENDING' | 'COMPLETED' | 'FAILED'
  error: string | null
  same: boolean
  storedDigest: string
  digest: string
  parts: { name: string; same: boolean | null }[]
  durationMs: number
}

/**
 * Have a stored job run again where it is stored, and say whether the bits are the same.
 *
 * @returns 0 where they are
 * @throws CliFailure no such job, not completed, or its candles are gone
 */
export async function replay(jobId: string, { json, ...connecting }: Connecting & { json?: boolean }): Promise<number> {
  const client = await Client.open(readConfig(process.env), connecting)
  try {
    const { replay } = await client.mutate<{ replay: { id: string } }>(REPLAY, { id: jobId })
    const { status, error, ...found } = await finished(client, replay.id)
    if (status === 'FAILED') throw new CliFailure(error ?? 'The replay failed.')
    if (json) print(JSON.stringify(found, null, 2))
    else show(found)
    return found.same ? EXIT.ready : EXIT.failed
  } finally {
    await client.close()
  }
}

async function finished(client: Client, id: string): Promise<Found> {
  for (;;) {
    const { replay } = await client.query<{ replay: Found | null }>(FIND, { id })
    if (!replay) throw new CliFailure('The job was deleted while it was replayed.')
    if (replay.status !== 'PENDING') return replay
    await sleep(LOOK_MS)
  }
}

function show({ same, parts, storedDigest, digest, durationMs }: Omit<Found, 'status' | 'error'>): void {
  print(same ? paint(['bold', 'green'], 'THE SAME BITS') : paint(['bold', 'red'], 'NOT THE SAME'))
  const word = (part: boolean | null): string => (part === null ? 'no longer stored' : part ? 'same' : 'differs')
  const rows = [
    ['stored', storedDigest],
    ['replayed', digest],
    ...parts.map(({ name, same: equal }) => [name, word(equal)]),
    ['took', duration(durationMs)],
  ]
  for (const line of table(rows, 'll')) print(line)
  if (!same) print('  Other candles, or a job of another version, give other bits.')
}
