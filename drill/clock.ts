import { setTimeout as wait } from 'node:timers/promises'
import { inArray } from 'drizzle-orm'
import type { AppContext } from '../src/context.ts'
import { announce } from '../src/events.ts'
import { JOB_TOPIC, nextRevision } from '../src/tuning/service.ts'
import { tuningJobs } from '../src/tuning/table.ts'
import type { Crowd, Heard } from './crowd.ts'
import { monotonicMs } from './process.ts'

/** Change jobs as their workers would, and say so. */
export async function touch(ctx: AppContext, ids: string[], name: string): Promise<void> {
  await ctx.db.transaction(async (tx) => {
    await tx
      .update(tuningJobs)
      .set({ name, ...nextRevision })
      .where(inArray(tuningJobs.id, ids))
    for (const id of ids) await announce(tx, JOB_TOPIC, id)
  })
}

/** Times from a change to each of those who hear of it: the name of a job says when it was changed. */
export class Clock {
  readonly #ctx: AppContext
  readonly #changes = new Map<string, number[]>()

  constructor(ctx: AppContext) {
    this.#ctx = ctx
  }

  /** Jobs that change at once. */
  async change(...ids: string[]): Promise<void> {
    const now = monotonicMs()
    for (const id of ids) this.#changes.set(id, [...(this.#changes.get(id) ?? []), now])
    await touch(this.#ctx, ids, String(now))
  }

  /** Once each client of the crowd has heard of everything: in ms. Whoever has not after ten seconds counts as for ever. */
  async p99(crowd: Crowd): Promise<number> {
    for (let tries = 0; tries < 50; tries++) {
      const latencies = (await crowd.heard()).flatMap((client) => this.#latencies(client))
      const missed = crowd.size * [...this.#changes.values()].flat().length - latencies.length
      if (missed === 0) return Math.round(latencies.toSorted((a, b) => a - b)[Math.floor(latencies.length * 0.99)])
      await wait(200)
    }
    return Infinity
  }

  /** A state answers every change of its job up to the one that it shows. */
  #latencies(heard: Heard[]): number[] {
    const answered = new Map<string, number>()
    return heard.flatMap(([id, name, atMs]) => {
      const changes = this.#changes.get(id) ?? []
      const from = answered.get(id) ?? 0
      let to = from
      while (to < changes.length && changes[to] <= Number(name)) to++
      answered.set(id, to)
      return changes.slice(from, to).map((changed) => atMs - changed)
    })
  }
}
