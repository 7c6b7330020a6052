import { outsideOperation } from '../operation.ts'

/** Reads the values of these keys; a key without a value is left out. */
export type ReadMany<Value> = (keys: string[]) => Promise<Map<string, Value>>

type Waiting<Value> = Map<string, PromiseWithResolvers<Value | null>>

/**
 * Reads together what is asked for one by one: the keys of one turn of the event loop, each once, a hundred with a
 * call. Nothing is kept: whoever asks gets what was read after he asked.
 */
export class Batch<Value> {
  readonly #most: number
  #waiting: Waiting<Value> | undefined

  /** @param most keys in one call */
  constructor(most = 100) {
    this.#most = most
  }

  /**
   * @param readMany that of the first who asks serves all
   * @returns null where the key has no value
   */
  read(key: string, readMany: ReadMany<Value>): Promise<Value | null> {
    const waiting = this.#waiting ?? this.#begin(readMany)
    const place = waiting.get(key) ?? Promise.withResolvers<Value | null>()
    waiting.set(key, place)
    if (waiting.size >= this.#most) this.#waiting = undefined
    return place.promise
  }

  /** Outside of the operation of whoever asks first: he may give up, the others do not. */
  #begin(readMany: ReadMany<Value>): Waiting<Value> {
    const waiting: Waiting<Value> = (this.#waiting = new Map())
    outsideOperation(() => setImmediate(() => void this.#run(waiting, readMany)))
    return waiting
  }

  async #run(waiting: Waiting<Value>, readMany: ReadMany<Value>): Promise<void> {
    if (this.#waiting === waiting) this.#waiting = undefined
    try {
      const values = await readMany([...waiting.keys()])
      for (const [key, { resolve }] of waiting) resolve(values.get(key) ?? null)
    } catch (error) {
      for (const { reject } of waiting.values()) reject(error)
    }
  }
}
