/**
 * Whether confidence keeps its word, on seven surfaces: what was said of 10,000 candidates against what came true,
 * beside what a plain conformal distribution would have said. The ten best matter most: the prediction itself selected
 * them.
 *
 *     npm run bench:calibration [-- --algorithm RANDOM_FOREST] [--json file]
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { parseArgs } from 'node:util'
import { getEstimator } from '../../src/models/algorithms.ts'
import type { Algorithm } from '../../src/models/estimator.ts'
import { runHere } from '../../test/models/run-here.ts'
import { average, CASES, tryOut, type Outcome, type Trial } from './trial.ts'

/** What must be kept, on the mean of the trials. */
const GOALS = { calibrationError: 0.05, saidTooMuch: 0.12 }
const TRIALS: Record<number, number> = { 200: 24, 1000: 10 }

const { values: flags } = parseArgs({
  options: {
    algorithm: { type: 'string', default: 'XGBOOST' },
    json: { type: 'string', default: 'bench/results/calibration.json' },
  },
})
const estimator = getEstimator(flags.algorithm as Algorithm)
const results = []
console.log(
  `${flags.algorithm}; goals: calibration error ≤ ${GOALS.calibrationError}, top 10 said − real ≤ ${GOALS.saidTooMuch}`,
)
console.log(
  'surface, samples (trials) | calibration error, plain → ours | top 10 said / real, plain → ours | 80 % interval | goals',
)
for (const each of CASES) {
  const seeds = Array.from({ length: TRIALS[each.rows] }, (_, at) => at + 1)
  const trials: Trial[] = []
  for (const seed of seeds) trials.push(await tryOut(each, seed, estimator, runHere))
  const { ours, plain, coverage } = average(trials)
  const kept = ours.calibrationError <= GOALS.calibrationError && ours.said - ours.real <= GOALS.saidTooMuch
  const both = ({ said, real }: Outcome): string => `${said.toFixed(2)} / ${real.toFixed(2)}`
  console.log(
    [
      `${each.name}, ${each.rows} (${seeds.length})`,
      `${plain.calibrationError.toFixed(3)} → ${ours.calibrationError.toFixed(3)}`,
      `${both(plain)} → ${both(ours)}`,
      coverage.toFixed(2),
      kept ? 'kept' : 'MISSED',
    ].join(' | '),
  )
  results.push({ surface: each.name, samples: each.rows, trials: seeds.length, ours, plain, coverage, kept })
}
mkdirSync(dirname(flags.json), { recursive: true })
writeFileSync(flags.json, `${JSON.stringify({ algorithm: flags.algorithm, goals: GOALS, results }, null, 2)}\n`)
