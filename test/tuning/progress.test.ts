import { describe, expect, test } from 'vitest'
import { JOB_PHASES, type JobPhase } from '../../src/tuning/job.ts'
import { ProgressMeter, type ProgressState } from '../../src/tuning/progress.ts'
import { ProgressWriter } from '../../src/tuning/progress-writer.ts'

/** A clock that is set by hand. */
function clockAt(start = 0) {
  const clock = { now: start, read: () => clock.now }
  return clock
}

const PLAN: [JobPhase, number][] = [
  ['LOADING', 40],
  ['SAMPLING', 20],
  ['BACKTESTING', 340],
  ['TRAINING', 400],
  ['ANALYSING', 40],
  ['SEARCHING', 100],
  ['VALIDATING', 60],
]

describe('the meter', () => {
  test('never goes back, whatever the steps say', () => {
    const clock = clockAt()
    const meter = new ProgressMeter(clock.read, PLAN)
    const steps: [JobPhase, number, number][] = [
      ['LOADING', 0, 1],
      ['SAMPLING', 0, 1],
      ['BACKTESTING', 0, 100],
      ['BACKTESTING', 60, 100],
      ['BACKTESTING', 40, 100],
      ['BACKTESTING', 100, 100],
      ['TRAINING', 0, 1],
      ['TRAINING', 10, 10],
      ['TRAINING', 11, 40],
      ['SEARCHING', 0, 0],
      ['VALIDATING', 1, 1],
    ]
    const fractions = steps.map((step) => {
      clock.now += 10
      return meter.step(...step).fraction
    })
    expect(fractions).toEqual(fractions.toSorted((a, b) => a - b))
    expect(fractions[0]).toBe(0)
    expect(fractions.at(-1)).toBeCloseTo(1, 12)
    expect(Math.max(...fractions)).toBeLessThanOrEqual(1)
  })

  test('knows every phase that a job goes through', () => {
    const meter = new ProgressMeter(() => 0, PLAN)
    for (const phase of JOB_PHASES.filter((each) => each !== 'FINISHED')) {
      expect(Number.isFinite(meter.step(phase, 1, 2).fraction)).toBe(true)
    }
  })

  test('estimates what is left by the pace so far, once there is a pace', () => {
    const clock = clockAt(500)
    const meter = new ProgressMeter(clock.read, PLAN)
    expect(meter.step('LOADING', 0, 1).etaMs).toBeNull()
    clock.now = 1500
    const { fraction, etaMs } = meter.step('TRAINING', 1, 2)
    expect(etaMs).toBeCloseTo((1000 * (1 - fraction)) / fraction, 9)
  })

  test('goes by how long the phases of this very job are', () => {
    const clock = clockAt()
    const long: [JobPhase, number][] = PLAN.map(([phase, time]) => [phase, phase === 'VALIDATING' ? 9060 : time])
    const meter = new ProgressMeter(clock.read, long)
    clock.now = 940
    const { fraction, etaMs } = meter.step('VALIDATING', 0, 26)
    expect(fraction).toBeCloseTo(0.094, 12)
    expect(etaMs).toBeCloseTo(9060, 6)
  })

  test('counts backtests per second, those of an earlier attempt left out', () => {
    const clock = clockAt()
    const meter = new ProgressMeter(clock.read, PLAN)
    expect(meter.step('BACKTESTING', 400, 1000).backtestsPerSecond).toBeNull()
    clock.now = 2000
    expect(meter.step('BACKTESTING', 500, 1000).backtestsPerSecond).toBe(50)
    clock.now = 9000
    expect(meter.step('TRAINING', 0, 1).backtestsPerSecond).toBe(50)
  })
})

describe('the writer', () => {
  const state = (phase: JobPhase, done = 0): ProgressState => ({
    phase,
    done,
    total: 100,
    fraction: 0,
    etaMs: null,
    backtestsPerSecond: null,
  })

  test('writes every phase, and within one no more than five times a second', async () => {
    const clock = clockAt()
    const written: string[] = []
    const writer = new ProgressWriter(async ({ phase, done }) => void written.push(`${phase} ${done}`), clock.read)
    writer.offer(state('LOADING'))
    await writer.flush()
    for (let done = 0; done < 100; done++) {
      writer.offer(state('BACKTESTING', done))
      await writer.flush()
      clock.now += 10
    }
    writer.offer(state('TRAINING'))
    await writer.flush()
    expect(written).toEqual([
      'LOADING 0',
      'BACKTESTING 0',
      'BACKTESTING 20',
      'BACKTESTING 40',
      'BACKTESTING 60',
      'BACKTESTING 80',
      'TRAINING 0',
    ])
  })

  test('never writes two at once, and of those that wait only the newest', async () => {
    const written: JobPhase[] = []
    let release = (): void => {}
    let atOnce = 0
    const writer = new ProgressWriter(
      async ({ phase }) => {
        expect(++atOnce).toBe(1)
        await new Promise<void>((resolve) => (release = resolve))
        written.push(phase)
        atOnce--
      },
      () => 0,
    )
    for (const phase of ['LOADING', 'SAMPLING', 'BACKTESTING', 'TRAINING'] as const) writer.offer(state(phase))
    const flushed = writer.flush()
    release()
    await new Promise((resolve) => setImmediate(resolve))
    release()
    await flushed
    expect(written).toEqual(['LOADING', 'TRAINING'])
  })

  test('has nothing to wait for before anything was offered', async () => {
    await new ProgressWriter(
      async () => {},
      () => 0,
    ).flush()
  })
})
