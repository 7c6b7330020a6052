import { readConfig } from '../config.ts'
import { replayTuningJob } from '../tuning/replay.ts'
import { Client } from './client.ts'
import { CliFailure, EXIT } from './failure.ts'
import { paint, print } from './output.ts'
import { duration, table } from './text.ts'

/**
 * Run a stored job again and compare the bits.
 *
 * @returns 0 where they are the same
 * @throws CliFailure no such job, not completed, or its data is in the hands of a server
 */
export async function replay(
  jobId: string,
  options: { url?: string; token?: string; json?: boolean },
): Promise<number> {
  const client = await Client.open(readConfig(process.env), options)
  try {
    const { ctx, endpoint } = client.transport
    if (!ctx) {
      throw new CliFailure(
        `A replay computes on this machine, and the server at ${endpoint} holds the data. Stop it and try again.`,
      )
    }
    const result = await replayTuningJob(ctx, jobId)
    if (options.json) print(JSON.stringify(result, null, 2))
    else {
      const { same, parts, storedDigest, digest, durationMs } = result
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
    return result.same ? EXIT.ready : EXIT.failed
  } finally {
    await client.close()
  }
}
