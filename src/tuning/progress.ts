import type { JobPhase } from './job.ts'

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
  readonly #plan: readonly [JobPhase, number][]
  readonly #planned: number
  readonly #started: number
  #phase: JobPhase = 'LOADING'
  #phaseStarted: number
  /** steps of the phase that an earlier attempt has done */
  #phaseBegan = 0
  #fraction = 0
  #rate: number | null = null

  /**
   * @param clock ms, never going back
   * @param plan  how long each phase takes, in their order and in any unit: what counts is how they compare. A phase that
   *              is not in it takes no time.
   */
  constructor(clock: () => number, plan: readonly [JobPhase, number][]) {
    this.#clock = clock
    this.#plan = plan
    this.#planned = plan.reduce((sum, [, time]) => sum + time, 0)
    this.#started = this.#phaseStarted = clock()
  }

  step(phase: JobPhase, done: number, total: number): ProgressState {
    const now = this.#clock()
    if (phase !== this.#phase) {
      this.#phase = phase
      this.#phaseStarted = now
      this.#phaseBegan = done
    }
    this.#fraction = Math.min(1, Math.max(this.#fraction, this.#share(phase, total > 0 ? done / total : 0)))
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

  /** How much of the plan is behind a job that has done a part of a phase. */
  #share(phase: JobPhase, part: number): number {
    const at = this.#plan.findIndex(([name]) => name === phase)
    if (at < 0) return 0
    const before = this.#plan.slice(0, at).reduce((sum, [, time]) => sum + time, 0)
    return (before + this.#plan[at][1] * part) / this.#planned
  }
}
