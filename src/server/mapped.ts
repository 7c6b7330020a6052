/**
 * A stream with each of its values changed. Not an async generator: `return()` must reach the source at once, also while
 * `next()` waits.
 */
export function mapped<A, B>(stream: AsyncIterable<A>, change: (one: A) => B | Promise<B>): AsyncIterableIterator<B> {
  const source = stream[Symbol.asyncIterator]()
  return {
    async next() {
      const event = await source.next()
      return event.done ? event : { done: false, value: await change(event.value) }
    },
    async return() {
      await source.return?.()
      return { done: true, value: undefined }
    },
    [Symbol.asyncIterator]() {
      return this
    },
  }
}
