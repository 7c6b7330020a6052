/**
 * Gradient boosting and forests beside XGBoost, scikit-learn and ml-random-forest: same data, same settings, same base
 * score, one thread each, CPU time, taken in turns (peers, ours, ours, peers); medians over ten seeds.
 *
 *     node bench/learning/trees.ts [--rows 200,1000] [--seeds 5] [--slow] [--json file]
 *
 * Needs python3-xgboost and python3-sklearn; without them only our own side is measured. `--slow` lets ml-random-forest
 * learn from 1,000 rows, too, which takes it half a minute a time.
 */
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { mean, quantile, r2 } from '../../src/engine/statistics.ts'
import type { Estimator, FittedModel, TaskRunner } from '../../src/models/estimator.ts'
import { gradientBoosting, type GradientBoosting } from '../../src/models/gradient-boosting.ts'
import { randomForest } from '../../src/models/random-forest.ts'
import { SURFACES, type Surface, type SurfaceName } from './surfaces.ts'

interface Outcome {
  fitMs: number
  predictMs: number
  r2: number
}

interface Contest {
  name: string
  estimator: Estimator
  options: Record<string, number>
  peers: string[]
}

const DEEP = { maxDepth: 6, learningRate: 0.1, subsample: 1, columnSample: 1, minChildWeight: 1 }
const TUNED = { maxDepth: 4, learningRate: 0.05, subsample: 0.7, columnSample: 0.7, minChildWeight: 5 }
const ROUNDS = { nEstimators: 200, lambda: 1 }
const XGBOOST = ['xgboost hist', 'xgboost exact']
const TREES = { nEstimators: 100, minNumSamples: 1 }

const CONTESTS: Contest[] = [
  { name: 'boosting, 200 × depth 6', estimator: gradientBoosting, options: { ...ROUNDS, ...DEEP }, peers: XGBOOST },
  {
    name: 'boosting, 200 × depth 4, sampled',
    estimator: gradientBoosting,
    options: { ...ROUNDS, ...TUNED },
    peers: XGBOOST,
  },
  { name: 'boosting, our defaults', estimator: gradientBoosting, options: {}, peers: [] },
  { name: 'forest, 100 trees', estimator: randomForest, options: TREES, peers: ['scikit-learn RandomForest'] },
  {
    name: 'extra trees, 100 trees',
    estimator: randomForest,
    options: { ...TREES, extraTrees: 1, bootstrap: 0 },
    peers: ['scikit-learn ExtraTrees'],
  },
  { name: 'forest, ml-random-forest settings', estimator: randomForest, options: {}, peers: ['ml-random-forest'] },
]

const HELD_OUT = 10_000
/** A prediction is over in milliseconds: it is repeated to be measured. */
const REPEATS = 8
const PYTHON = '/usr/bin/python3'

const { values: flags } = parseArgs({
  options: {
    rows: { type: 'string', default: '200,1000,5000' },
    seeds: { type: 'string', default: '10' },
    slow: { type: 'boolean', default: false },
    json: { type: 'string' },
  },
})
const folder = mkdtempSync(join(tmpdir(), 'trees-bench-'))
const python = spawnSync(PYTHON, ['-c', 'import xgboost, sklearn']).status === 0 ? startPython() : null
if (!python) console.log('python3-xgboost or python3-sklearn is missing: our side only.')

const results = []
console.log(
  'setting, surface, rows | fit ms peers / ours = ratio | predict 10,000 ms peers / ours = ratio | R² peers / ours',
)
for (const contest of CONTESTS) {
  for (const surface of Object.keys(SURFACES) as SurfaceName[]) {
    for (const rows of flags.rows.split(',').map(Number)) results.push(await compete(contest, surface, rows))
  }
}
const scoring = await scoreDeepTrees()
if (flags.json) writeFileSync(flags.json, JSON.stringify({ results, scoring }, null, 2))
python?.end()
rmSync(folder, { recursive: true })

async function compete({ name, estimator, options, peers }: Contest, surface: SurfaceName, rows: number) {
  const present = peers.filter((peer) =>
    peer === 'ml-random-forest' ? rows <= (flags.slow ? 1000 : 200) : python !== null,
  )
  const theirs = new Map<string, Outcome[]>(present.map((peer) => [peer, []]))
  const ours: Outcome[] = []
  const seeds = present.includes('ml-random-forest') ? 2 : Number(flags.seeds)
  for (let seed = 1; seed <= seeds; seed++) {
    const train = SURFACES[surface](rows, seed)
    const held = SURFACES[surface](HELD_OUT, 1000 + seed)
    const ask = async (): Promise<void> => {
      for (const peer of present) {
        const outcome =
          peer === 'ml-random-forest'
            ? await measure(randomForest, train, held, { ...options, engine: 1 }, seed)
            : await python!.ask(peer, train, held, { ...options, seed })
        theirs.get(peer)!.push(outcome)
      }
    }
    await ask()
    ours.push(await measure(estimator, train, held, options, seed))
    ours.push(await measure(estimator, train, held, options, seed))
    await ask()
  }
  const result = {
    name,
    surface,
    rows,
    ours: summary(ours),
    peers: Object.fromEntries([...theirs].map(([peer, all]) => [peer, summary(all)])),
  }
  const others = Object.values(result.peers)
  const row = (key: keyof Outcome, digits: number): string =>
    `${others.map((peer) => peer[key].toFixed(digits)).join(', ') || '–'} / ${result.ours[key].toFixed(digits)}`
  const ratio = (key: 'fitMs' | 'predictMs'): string =>
    others.length > 0 ? `= ${(Math.min(...others.map((peer) => peer[key])) / result.ours[key]).toFixed(1)}×` : ''
  console.log(
    `${name}, ${surface}, ${rows} | ${row('fitMs', 1)} ${ratio('fitMs')} | ${row('predictMs', 2)} ${ratio('predictMs')} | ${row('r2', 3)}`,
  )
  return result
}

/** @returns medians of the times, mean of R² */
function summary(outcomes: Outcome[]): Outcome {
  const median = (key: keyof Outcome): number =>
    quantile(
      outcomes.map((outcome) => outcome[key]),
      0.5,
    )
  return { fitMs: median('fitMs'), predictMs: median('predictMs'), r2: mean(outcomes.map((outcome) => outcome.r2)) }
}

async function here<T>({ module, name, data }: Parameters<TaskRunner>[0]): Promise<T> {
  const functions = (await import(module)) as Record<string, (data: unknown) => unknown>
  return functions[name](data) as T
}

async function measure(
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

function predict(model: FittedModel, held: Surface): { predictMs: number; r2: number } {
  let predicted = model.predict(held.x) // it also brings the model into the form of the scorer, once
  const start = process.cpuUsage()
  for (let repeat = 0; repeat < REPEATS; repeat++) predicted = model.predict(held.x)
  return { predictMs: cpuMs(start) / REPEATS, r2: r2(held.y, predicted)! }
}

function cpuMs(start: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(start)
  return (user + system) / 1000
}

/** The scoring goal: 10,000 candidates by 100 and 300 trees of depth 8, copies and codes included. */
async function scoreDeepTrees() {
  const held = SURFACES.friedman(HELD_OUT, 999)
  const train = SURFACES.friedman(1000, 1)
  const times: Record<number, number> = {}
  for (const nEstimators of [100, 300]) {
    const options = { nEstimators, maxDepth: 8, minChildWeight: 1, subsample: 1 }
    const model = (await gradientBoosting.fit(train.x, train.y, options, 1, here)) as GradientBoosting
    predict(model, held)
    const runs = Array.from({ length: 9 }, () => predict(model, held).predictMs)
    times[nEstimators] = quantile(runs, 0.5)
    console.log(`10,000 candidates, ${nEstimators} trees of depth 8: ${times[nEstimators].toFixed(2)} ms`)
  }
  return times
}

function startPython() {
  const env = { ...process.env, OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1' }
  const script = new URL('./trees_peer.py', import.meta.url).pathname
  const child = spawn(PYTHON, [script], { stdio: ['pipe', 'pipe', 'inherit'], env })
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    async ask(name: string, train: Surface, held: Surface, options: object): Promise<Outcome> {
      const files = { x: train.x.values, y: train.y, heldX: held.x.values, heldY: held.y }
      const paths = Object.fromEntries(
        Object.entries(files).map(([key, values]) => {
          writeFileSync(join(folder, key), values)
          return [key, join(folder, key)]
        }),
      )
      child.stdin.write(`${JSON.stringify({ name, columns: train.x.columns, options, ...paths })}\n`)
      const { value } = (await answers.next()) as { value: string }
      return JSON.parse(value) as Outcome
    },
    end: () => child.stdin.end(),
  }
}
