import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { mean, quantile, r2 } from '../../src/engine/statistics.ts'
import type { Estimator, FittedModel, TaskRunner } from '../../src/models/estimator.ts'
import type { Surface } from './surfaces.ts'

/** One fit and the prediction of 10,000 rows that it has not seen. */
export interface Outcome {
  /** CPU time */
  fitMs: number
  predictMs: number
  r2: number
}

/** A Python process that fits and predicts what it is sent, with one thread. */
export interface Peer {
  ask(name: string, train: Surface, held: Surface, options: object): Promise<Outcome>
  end(): void
}

const PYTHON = '/usr/bin/python3'
/** A prediction is over in milliseconds: it is repeated to be measured. */
const REPEATS = 8

/** @returns null where Python or one of the modules is missing */
export function startPeer(script: string, modules: readonly string[]): Peer | null {
  if (spawnSync(PYTHON, ['-c', `import ${modules.join(', ')}`]).status !== 0) {
    console.log(`python3-${modules.join(' or python3-')} is missing: our side only.`)
    return null
  }
  const folder = mkdtempSync(join(tmpdir(), 'learning-bench-'))
  const env = { ...process.env, OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1' }
  const child = spawn(PYTHON, [fileURLToPath(new URL(script, import.meta.url))], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env,
  })
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    async ask(name, train, held, options) {
      const files = { x: train.x.values, y: train.y, heldX: held.x.values, heldY: held.y }
      const paths = Object.fromEntries(
        Object.entries(files).map(([key, values]) => {
          writeFileSync(join(folder, key), values)
          return [key, join(folder, key)]
        }),
      )
      child.stdin.write(`${JSON.stringify({ name, columns: train.x.columns, options, ...paths })}\n`)
      const { value, done } = (await answers.next()) as { value: string; done?: boolean }
      if (done) throw new Error(`${script} has ended.`)
      return JSON.parse(value) as Outcome
    },
    end() {
      child.stdin.end()
      rmSync(folder, { recursive: true })
    },
  }
}

/** As the compute threads run tasks, in this thread. */
export const here: TaskRunner = async ({ module, name, data }) => {
  const functions = (await import(module)) as Record<string, (data: unknown) => unknown>
  return functions[name](data) as never
}

/** Our own side of a comparison. */
export async function measure(
  estimator: Estimator,
  train: Surface,
  held: Surface,
  options: Record<string, number>,
  seed: number,
): Promise<Outcome> {
  const start = process.cpuUsage()
  const model = await estimator.fit(train.x, train.y, options, seed, here)
  const fitMs = cpuMs(start)
  return { fitMs, ...predict(model, held) }
}

export function predict(model: FittedModel, held: Surface): { predictMs: number; r2: number } {
  let predicted = model.predict(held.x) // it also brings the model into the form of the scorer, once
  const start = process.cpuUsage()
  for (let repeat = 0; repeat < REPEATS; repeat++) predicted = model.predict(held.x)
  return { predictMs: cpuMs(start) / REPEATS, r2: r2(held.y, predicted)! }
}

function cpuMs(start: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(start)
  return (user + system) / 1000
}

/** @returns medians of the times, mean of R² */
export function summary(outcomes: Outcome[]): Outcome {
  const median = (key: keyof Outcome): number =>
    quantile(
      outcomes.map((outcome) => outcome[key]),
      0.5,
    )
  return { fitMs: median('fitMs'), predictMs: median('predictMs'), r2: mean(outcomes.map((outcome) => outcome.r2)) }
}
