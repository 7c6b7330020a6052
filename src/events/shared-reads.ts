import { Batch } from './batch.ts'

/** For so long a result serves others who ask: long enough for a thousand who heard the same event. */
const GOOD_MS = 250

/** Reads the states of these ids that there are, in any order. */
export type ReadStates<State> = (ids: string[]) => Promise<State[]>

/**
 * Reads of which many want the result at once. What was read is good until the thing's next event, and not for long;
 * things that change together are read together.
 */
export class SharedReads {
  readonly #reads = new Map<string, Promise<unknown>>()
  /** one for each topic: there are a handful */
  readonly #batches = new Map<string, Batch<unknown>>()

  /** @returns null where there is no such thing */
  read<State extends { id: string }>(topic: string, id: string, readAll: ReadStates<State>): Promise<State | null> {
    const key = `${topic}:${id}`
    const known = this.#reads.get(key)
    if (known) return known as Promise<State | null>
    const batch = this.#batches.get(topic) ?? new Batch()
    this.#batches.set(topic, batch)
    const reading = batch.read(id, async (ids) => new Map((await readAll(ids)).map((state) => [state.id, state])))
    this.#reads.set(key, reading)
    const forget = (): void => {
      if (this.#reads.get(key) === reading) this.#reads.delete(key)
    }
    setTimeout(forget, GOOD_MS).unref()
    reading.catch(forget)
    return reading as Promise<State | null>
  }

  /** Whoever asks from now on wants to see what has just happened. */
  forget(topic: string, id: string): void {
    this.#reads.delete(`${topic}:${id}`)
  }

  forgetAll(): void {
    this.#reads.clear()
  }
}
