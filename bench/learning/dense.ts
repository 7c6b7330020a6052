/**
 * Neural network, support vectors and Gaussian process beside scikit-learn: same data, same settings, one thread each,
 * CPU time, taken in turns (peer, ours, ours, peer).
 *
 *     node bench/learning/dense.ts [NEURAL_NETWORK|SVR|BAYESIAN] [rows …]
 *
 * Needs python3-sklearn for the peer; without it only our own side is measured.
 */
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { mean, quantile, r2 } from '../../src/engine/statistics.ts'
import { bayesian } from '../../src/models/bayesian.ts'
import type { Estimator, TaskRunner } from '../../src/models/estimator.ts'
import { neuralNetwork } from '../../src/models/neural-network.ts'
import { supportVector } from '../../src/models/support-vector.ts'
import { SURFACES, type Surface } from './surfaces.ts'

interface Outcome {
  fitMs: number
  predictMs: number
  r2: number
}

/** Settings that both sides understand. */
const SETTINGS: { estimator: Estimator; ours: Record<string, number>; peer: Record<string, number>; rows: number[] }[] =
  [
    {
      estimator: neuralNetwork,
      ours: { alpha: 1, batchSize: 200, epochs: 200 },
      peer: { alpha: 1, batchSize: 200, epochs: 200 },
      rows: [200, 1000, 5000],
    },
    { estimator: supportVector, ours: { c: 1, gamma: 1 }, peer: { c: 1 }, rows: [200, 1000, 5000] },
    { estimator: supportVector, ours: { c: 10, gamma: 1 }, peer: { c: 10 }, rows: [200, 1000, 5000] },
    { estimator: bayesian, ours: {}, peer: { restarts: 1 }, rows: [200] },
    { estimator: bayesian, ours: {}, peer: { restarts: 1 }, rows: [1000] },
  ]
const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
const HELD_OUT = 10_000

const here: TaskRunner = async ({ module, name, data }) => {
  const functions = (await import(module)) as Record<string, (data: unknown) => unknown>
  return functions[name](data) as never
}

const python = spawnSync('/usr/bin/python3', ['-c', 'import sklearn']).status === 0 ? startPeer() : null
const folder = mkdtempSync(join(tmpdir(), 'dense-bench-'))
const [only, ...sizes] = process.argv.slice(2)

console.log(
  'algorithm (settings) surface rows | fit ms peer / ours = ratio | predict 10,000 ms peer / ours | R² peer / ours',
)
for (const { estimator, ours, peer, rows } of SETTINGS) {
  const { algorithm } = estimator
  if (only && only !== algorithm) continue
  for (const [surfaceName, surface] of Object.entries(SURFACES)) {
    for (const count of rows) {
      if (sizes.length > 0 && !sizes.includes(String(count))) continue
      const [peers, own] = await compare(estimator, surface, count, ours, peer)
      const of = (outcomes: Outcome[], key: keyof Outcome): number =>
        quantile(
          outcomes.map((o) => o[key]),
          0.5,
        )
      const both = (key: keyof Outcome): string =>
        `${peers.length ? of(peers, key).toFixed(1) : '–'} / ${of(own, key).toFixed(1)}`
      const ratio = peers.length ? (of(peers, 'fitMs') / of(own, 'fitMs')).toFixed(1) : '–'
      const fits = (outcomes: Outcome[]): string => (outcomes.length ? mean(outcomes.map((o) => o.r2)).toFixed(3) : '–')
      console.log(
        `${algorithm} (${JSON.stringify(ours)}) ${surfaceName} ${count} | ${both('fitMs')} = ${ratio} | ${both('predictMs')} | ${fits(peers)} / ${fits(own)}`,
      )
    }
  }
}
rmSync(folder, { recursive: true })
python?.end()

async function compare(
  estimator: Estimator,
  surface: (rows: number, seed: number) => Surface,
  count: number,
  ours: Record<string, number>,
  peer: Record<string, number>,
): Promise<[Outcome[], Outcome[]]> {
  const peers: Outcome[] = []
  const own: Outcome[] = []
  for (const seed of estimator === bayesian && count >= 1000 ? SEEDS.slice(0, 3) : SEEDS) {
    const train = surface(count, seed)
    const held = surface(HELD_OUT, 1000 + seed)
    const ask = async (): Promise<void> => {
      if (python) peers.push(await python.ask(estimator.algorithm, train, held, { ...peer, seed }))
    }
    await ask()
    own.push(await measure(estimator, train, held, ours, seed))
    own.push(await measure(estimator, train, held, ours, seed))
    if (count < 1000 || estimator !== bayesian) await ask()
  }
  return [peers, own]
}

async function measure(
  estimator: Estimator,
  train: Surface,
  held: Surface,
  options: Record<string, number>,
  seed: number,
): Promise<Outcome> {
  const [model, fitMs] = await timed(() => estimator.fit(train.x, train.y, options, seed, here))
  const [predicted, predictMs] = await timed(() => model.predict(held.x))
  return { fitMs, predictMs, r2: r2(held.y, predicted)! }
}

async function timed<T>(work: () => T | Promise<T>): Promise<[T, number]> {
  const start = process.cpuUsage()
  const result = await work()
  const { user, system } = process.cpuUsage(start)
  return [result, (user + system) / 1000]
}

function startPeer(): {
  ask: (name: string, train: Surface, held: Surface, options: object) => Promise<Outcome>
  end: () => void
} {
  const env = { ...process.env, OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1' }
  const child = spawn('/usr/bin/python3', [new URL('./dense_peer.py', import.meta.url).pathname], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env,
  })
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    async ask(name, train, held, options) {
      const files = { x: train.x.values, y: train.y, heldX: held.x.values, heldY: held.y }
      const paths = Object.fromEntries(
        Object.entries(files).map(([key, values]) => {
          writeFileSync(join(folder, key), new Uint8Array(values.buffer, values.byteOffset, values.byteLength))
          return [key, join(folder, key)]
        }),
      )
      child.stdin.write(JSON.stringify({ name, columns: train.x.columns, options, ...paths }) + '\n')
      const { value } = (await answers.next()) as { value: string }
      return JSON.parse(value) as Outcome
    },
    end: () => child.stdin.end(),
  }
}
