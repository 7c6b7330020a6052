/**
 * Read the state behind each event and pass it on. Not an async generator: a client that goes away must end it at
 * once, and a generator would wait for the next event first.
 *
 * @param read    null where the thing is gone
 * @param options isOne: all events are about one thing, and the stream ends with it; isFinal: it ends with this state
 */
export function statesOf<Event, State>(
  events: AsyncIterableIterator<Event>,
  read: (event: Event) => Promise<State | null>,
  { isOne = false, isFinal = () => false }: { isOne?: boolean; isFinal?: (state: State) => boolean },
): AsyncIterableIterator<State> {
  let finished = false
  const end = async (): Promise<IteratorResult<State>> => {
    finished = true
    await events.return?.()
    return { done: true, value: undefined }
  }
  const next = async (): Promise<IteratorResult<State>> => {
    while (!finished) {
      const event = await events.next()
      if (event.done) break
      const state = await read(event.value)
      if (state === null && isOne) break
      if (state === null) continue
      finished = isFinal(state)
      return { done: false, value: state }
    }
    return end()
  }
  return {
    async next() {
      try {
        return await next()
      } catch (error) {
        await end() // nobody asks a stream that failed to return
        throw error
      }
    },
    return: end,
    [Symbol.asyncIterator]() {
      return this
    },
  }
}
