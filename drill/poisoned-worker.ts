import type { Engine } from '../src/engine/pool.ts'
import { startWorker } from '../src/tuning/worker.ts'
import { engineWith } from '../test/tuning/halting-engine.ts'
import { openQuiet } from './app.ts'
import { POISON_SAMPLES } from './poison-samples.ts'

/** A worker that dies as soon as it backtests the job of so many samples. */
const { ctx } = await openQuiet(process.env)
const deadly: Engine['backtest'] = (request, options) => {
  if (request.batch.count === POISON_SAMPLES) process.kill(process.pid, 'SIGKILL')
  return ctx.engine.backtest(request, options)
}
await startWorker({ ...ctx, engine: engineWith(ctx.engine, deadly) })
process.send!('started')
process.once('disconnect', () => process.exit(0))
