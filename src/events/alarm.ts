/** Wakes a sleeper; a ring that comes while nobody sleeps is not lost. */
export class Alarm {
  #rung = Promise.withResolvers<void>()

  ring(): void {
    this.#rung.resolve()
  }

  async wait(ms: number): Promise<void> {
    const timer = setTimeout(() => this.ring(), ms)
    await this.#rung.promise
    clearTimeout(timer)
    this.#rung = Promise.withResolvers<void>()
  }
}
