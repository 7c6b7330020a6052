import { expect, test } from 'vitest'
import { average, CASES, tryOut } from '../../bench/calibration/trial.ts'
import { gradientBoosting } from '../../src/models/gradient-boosting.ts'
import { runHere } from './run-here.ts'

/** With fewer trials the mean over ten candidates is still a coin of forty throws: the margin is chance's. */
const TRIALS = 4
const MARGIN = 0.09

test.each(CASES.filter(({ rows }) => rows === 200).map((each) => [each.name, each] as const))(
  'what gradient boosting says of 10,000 candidates comes true on %s, also for the ten best',
  async (_, each) => {
    const trials = []
    for (let seed = 1; seed <= TRIALS; seed++) trials.push(await tryOut(each, seed, gradientBoosting, runHere))
    const { ours, coverage } = average(trials)
    expect(ours.calibrationError).toBeLessThan(0.05 + MARGIN / 3)
    expect(ours.said - ours.real).toBeLessThan(0.12 + MARGIN)
    expect(Math.abs(coverage - 0.8)).toBeLessThan(0.08)
  },
)
