/** Scoring 10,000 candidates of 12 features with forests of depth 8, beside the libraries that people use. */
import { execFileSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { Random } from '../../src/engine/random.ts'
import { randomForest } from '../../src/models/random-forest.ts'
import { runHere } from '../../test/models/run-here.ts'
import { median, race } from './clock.ts'
import { type Report, type Row, round } from './report.ts'

const COLUMNS = 12
const TRAINING = 700
const CANDIDATES = 10_000
const DEPTH = 8
/** ml-random-forest takes seconds to learn: it learns fewer trees of fewer rows, and its time is scaled. */
const PEER_TREES = 10
const PEER_ROWS = 200

interface Forest {
  train(x: number[][], y: number[]): void
  predict(x: number[][]): number[]
}

export async function scoring(report: Report, rounds: number): Promise<void> {
  const x = draw(TRAINING, 1)
  const y = Float64Array.from({ length: TRAINING }, (_, row) => surface(x.values.subarray(row * COLUMNS)))
  const given = draw(CANDIDATES, 2)
  const train = (nEstimators: number) =>
    randomForest.fit(x, y, { nEstimators, maxDepth: DEPTH, minNumSamples: 1 }, 1, runHere)
  const [hundred, three] = [await train(100), await train(300)]
  const peer = mlRandomForest(x.values, y)
  const lists = Array.from({ length: CANDIDATES }, (_, row) => [
    ...given.values.subarray(row * COLUMNS, (row + 1) * COLUMNS),
  ])
  const times = race(
    {
      hundred: { run: () => hundred.predict(given) },
      three: { run: () => three.predict(given) },
      peer: { run: () => peer.predict(lists) },
    },
    rounds,
  )
  const ours = { 100: median(times.hundred), 300: median(times.three) }
  const mlTime = (median(times.peer) * 100) / PEER_TREES
  const rows: Row[] = [
    row('this engine', ours[100], ours[300], ours),
    row(`ml-random-forest (npm; ${PEER_TREES} trees timed)`, mlTime, mlTime * 3, ours),
  ]
  const python = pythonPeers()
  for (const [name, [ms100, ms300]] of Object.entries(python ?? {})) rows.push(row(name, ms100, ms300, ours))
  if (!python) report.note('python3-sklearn and python3-xgboost are not installed here: left out.')
  report.table('scoring 10,000 candidates × 12 features, depth 8, CPU ms on one core', rows)
  report.goal('scoring kernel, 100 trees', ours[100], '≤', 3, 'ms')
  report.goal('scoring kernel, 300 trees', ours[300], '≤', 9, 'ms')
  report.goal('against ml-random-forest', mlTime / ours[100], '≥', 90, '×')
  report.goal('against scikit-learn', (python?.['scikit-learn'][0] ?? NaN) / ours[100], '≥', 15, '×')
  report.goal('against xgboost', (python?.xgboost[0] ?? NaN) / ours[100], '≥', 6, '×')
}

function row(way: string, ms100: number, ms300: number, ours: Record<100 | 300, number>): Row {
  return {
    way,
    'ms, 100 trees': round(ms100),
    'ms, 300 trees': round(ms300),
    'times this engine': `${round(ms100 / ours[100])} / ${round(ms300 / ours[300])}`,
  }
}

function draw(rows: number, seed: number) {
  const random = new Random(seed, 12)
  return { rows, columns: COLUMNS, values: Float64Array.from({ length: rows * COLUMNS }, () => random.float()) }
}

function surface(x: Float64Array): number {
  return 10 * Math.sin(Math.PI * x[0] * x[1]) + 20 * (x[2] - 0.5) * (x[2] - 0.5) + 10 * x[3] + 5 * x[4] + x[5] * x[6]
}

function mlRandomForest(x: Float64Array, y: Float64Array): Forest {
  const { RandomForestRegression } = createRequire(import.meta.url)('ml-random-forest') as {
    RandomForestRegression: new (options: object) => Forest
  }
  const options = { nEstimators: PEER_TREES, treeOptions: { maxDepth: DEPTH }, seed: 1, noOOB: true }
  const forest = new RandomForestRegression(options)
  const rows = Array.from({ length: PEER_ROWS }, (_, at) => [...x.subarray(at * COLUMNS, (at + 1) * COLUMNS)])
  forest.train(rows, [...y.subarray(0, PEER_ROWS)])
  return forest
}

/** @returns CPU ms for 100 and for 300 trees; null where the libraries are missing */
function pythonPeers(): Record<string, [number, number]> | null {
  const script = fileURLToPath(new URL('scoring_peer.py', import.meta.url))
  for (const python of ['python3', '/usr/bin/python3']) {
    try {
      const text = execFileSync(python, [script], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
      return JSON.parse(text) as Record<string, [number, number]>
    } catch {
      continue
    }
  }
  return null
}
