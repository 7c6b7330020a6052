/**
 * A worker as a process of its own: creates a job, works on it until its third block of samples, says so and does
 * nothing more, until it is killed.
 */
import { pino } from 'pino'
import { openApp } from '../../src/app.ts'
import { readConfig } from '../../src/config.ts'
import { createTuningJob } from '../../src/tuning/service.ts'
import { startWorker } from '../../src/tuning/worker.ts'
import { haltingEngine } from './halting-engine.ts'
import { smallJob } from './jobs.ts'

const changes = JSON.parse(process.argv[2]) as Parameters<typeof smallJob>[1]
const { ctx } = await openApp({ ...readConfig(process.env), role: 'api' }, pino({ level: 'silent' }))
const { id } = await createTuningJob(ctx, await smallJob(ctx, changes))
await startWorker({ ...ctx, engine: haltingEngine(ctx.engine, 3, () => process.stdout.write(`${id}\n`)) })
