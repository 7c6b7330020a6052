/**
 * A worker as a process of its own: creates the job that many blocks of samples take, works on it, and writes how many
 * samples are stored, until it is killed.
 */
import { count, eq } from 'drizzle-orm'
import { pino } from 'pino'
import { openApp } from '../../src/app.ts'
import { readConfig } from '../../src/config.ts'
import { createTuningJob } from '../../src/tuning/service.ts'
import { samples } from '../../src/tuning/table.ts'
import { smallJob } from './jobs.ts'

const changes = JSON.parse(process.argv[2]) as Parameters<typeof smallJob>[1]
const { ctx } = await openApp(readConfig(process.env), pino({ level: 'silent' }))
const { id } = await createTuningJob(ctx, await smallJob(ctx, changes))
for (;;) {
  const [row] = await ctx.db.select({ stored: count() }).from(samples).where(eq(samples.jobId, id))
  process.stdout.write(`${JSON.stringify({ id, stored: row.stored })}\n`)
  await new Promise((resolve) => setTimeout(resolve, 10))
}
