import type { JobPhase } from './job.ts'

/** Share of a whole job that each phase takes, roughly; where a phase begins is where those before it end. */
const SHARES: [JobPhase, number][] = [
  ['QUEUED', 0],
  ['LOADING', 0.04],
  ['SAMPLING', 0.02],
  ['BACKTESTING', 0.34],
  ['TRAINING', 0.4],
  ['ANALYSING', 0.04],
  ['SEARCHING', 0.1],
  ['VALIDATING', 0.06],
]

export interface ProgressState {
  phase: JobPhase
  done: number
  total: number
  /** 0…1 over the whole job, never going back */
  fraction: number
  etaMs: number | null
  backtestsPerSecond: number | null
}

/** Turns steps of phases into one fraction, a rate and an estimate of what is left. */
export class ProgressMeter {
  readonly #clock: () => number
  readonly #started: number
  #phase: JobPhase = 'LOADING'
  #phaseStarted: number
  /** steps of the phase that an earlier attempt has done */
  #phaseBegan = 0
  #fraction = 0
  #rate: number | null = null

  /** @param clock ms, never going back */
  constructor(clock: () => number) {
    this.#clock = clock
    this.#started = this.#phaseStarted = clock()
  }

  step(phase: JobPhase, done: number, total: number): ProgressState {
    const now = this.#clock()
    if (phase !== this.#phase) {
      this.#phase = phase
      this.#phaseStarted = now
      this.#phaseBegan = done
    }
    const at = SHARES.findIndex(([name]) => name === phase)
    const before = SHARES.slice(0, at).reduce((sum, [, share]) => sum + share, 0)
    const within = total > 0 ? done / total : 0
    this.#fraction = Math.min(1, Math.max(this.#fraction, before + SHARES[at][1] * within))
    const elapsed = now - this.#started
    if (phase === 'BACKTESTING' && done > this.#phaseBegan && now > this.#phaseStarted) {
      this.#rate = (1000 * (done - this.#phaseBegan)) / (now - this.#phaseStarted)
    }
    return {
      phase,
      done,
      total,
      fraction: this.#fraction,
      etaMs: this.#fraction > 0.05 ? (elapsed * (1 - this.#fraction)) / this.#fraction : null,
      backtestsPerSecond: this.#rate,
    }
  }
}
