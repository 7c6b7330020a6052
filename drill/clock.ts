import { setTimeout as wait } from 'node:timers/promises'
import { eq } from 'drizzle-orm'
import type { AppContext } from '../src/context.ts'
import { announce } from '../src/events.ts'
import { JOB_TOPIC, nextRevision } from '../src/tuning/service.ts'
import { tuningJobs } from '../src/tuning/table.ts'

/** Change a job as its worker would, and say so. */
export async function touch(ctx: AppContext, id: string, name: string): Promise<void> {
  await ctx.db.transaction(async (tx) => {
    await tx
      .update(tuningJobs)
      .set({ name, ...nextRevision })
      .where(eq(tuningJobs.id, id))
    await announce(tx, JOB_TOPIC, id)
  })
}

/** Times from a change to each of those who hear of it: the name of a job says when it was changed. */
export class Clock {
  readonly #ctx: AppContext
  readonly #changes = new Map<string, number[]>()
  readonly #latencies: number[] = []
  #waiting = 0
  #listeners = 0

  constructor(ctx: AppContext) {
    this.#ctx = ctx
  }

  async change(id: string): Promise<void> {
    const now = performance.now()
    this.#changes.set(id, [...(this.#changes.get(id) ?? []), now])
    this.#waiting += this.#listeners
    await touch(this.#ctx, id, String(now))
  }

  /** For one listener: a state answers every change of its job up to the one that it shows. */
  heard(): (state: Record<string, unknown>) => void {
    this.#listeners++
    const answered = new Map<string, number>()
    return ({ id, name }) => {
      const now = performance.now()
      const changes = this.#changes.get(String(id)) ?? []
      let at = answered.get(String(id)) ?? 0
      for (; at < changes.length && changes[at] <= Number(name); at++) {
        this.#latencies.push(now - changes[at])
        this.#waiting--
      }
      answered.set(String(id), at)
    }
  }

  /** Until everybody has heard of everything, or ten seconds. */
  async settled(): Promise<void> {
    for (let tries = 0; tries < 200 && this.#waiting > 0; tries++) await wait(50)
  }

  /** In ms; whoever never heard counts as for ever. */
  p99(): number {
    if (this.#waiting > 0) return Infinity
    const sorted = this.#latencies.toSorted((a, b) => a - b)
    return Math.round(sorted[Math.floor(sorted.length * 0.99)])
  }
}
