import type { Engine } from '../engine/pool.ts'
import { Random } from '../engine/random.ts'
import { trainBoosting } from '../models/boosting-task.ts'
import type { Matrix } from '../models/estimator.ts'
import { marginalLikelihood } from '../models/gaussian-process.ts'
import { outsideOperation } from '../operation.ts'

/** What the work below takes where the costs in seconds were measured, in ms. */
const REFERENCE_MS = 10
/** The first ones are slower: the kernel is still being translated. */
const WARM_UP = 6
/** Timed as one: on some systems the clock of a thread goes by 4 ms or more at a time. */
const TIMED = 12

const ROWS = 200
const COLUMNS = 10

/** One measurement for each set of compute threads, that is for a process. */
const known = new WeakMap<Engine, Promise<number>>()

/**
 * How much slower this machine is than the one that costs were measured on: 2 = everything takes twice as long. It is
 * measured once, in a compute thread, by some work of the kind that jobs do; estimates for people are multiplied by it.
 * What decides a result never is: that would depend on the machine.
 */
export function paceOf(engine: Engine): Promise<number> {
  const before = known.get(engine)
  if (before) return before
  const task = { module: import.meta.url, name: 'measurePace', data: null }
  const pace = outsideOperation(() => engine.call<number>(task)) // who asks first may give up, the others do not
  known.set(engine, pace)
  pace.catch(() => known.delete(engine))
  return pace
}

/** In a compute thread; about 0.2 s. */
export function measurePace(): number {
  const random = new Random(1, 0)
  const values = Float64Array.from({ length: ROWS * COLUMNS }, () => random.float())
  const features = { rows: ROWS, columns: COLUMNS, values }
  const target = Float64Array.from({ length: ROWS }, (_, row) => {
    const [a, b, c] = values.subarray(row * COLUMNS)
    return 4 * (a - 0.5) ** 2 + b * c + 0.2 * random.float() - 0.6
  })
  for (let time = 0; time < WARM_UP; time++) work(features, target)
  const start = clockMs()
  for (let time = 0; time < TIMED; time++) work(features, target)
  return (clockMs() - start) / TIMED / REFERENCE_MS
}

function work(features: Matrix, target: Float64Array): void {
  const parameters = { lengths: new Float64Array(COLUMNS).fill(1), signal: 1, noise: 0.1 }
  for (let repeat = 0; repeat < 6; repeat++) marginalLikelihood(features, target, parameters)
  trainBoosting({ features, target, hyperparameters: BOOSTING, seed: 1 })
}

const BOOSTING = {
  nEstimators: 100,
  maxDepth: 4,
  learningRate: 0.05,
  subsample: 0.7,
  columnSample: 1,
  minChildWeight: 10,
  lambda: 1,
  gamma: 0,
  earlyStoppingRounds: 0,
}

/** Of this thread, where Node can tell (from 23.9 on): what others do on the machine meanwhile does not count. */
function clockMs(): number {
  const usage = (process as Partial<Pick<typeof process, 'threadCpuUsage'>>).threadCpuUsage?.()
  return usage ? (usage.user + usage.system) / 1000 : performance.now()
}
