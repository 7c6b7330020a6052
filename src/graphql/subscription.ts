/**
 * Read the state behind each event and pass it on. Not an async generator: a client that goes away must end it at
 * once, and a generator would wait for the next event first.
 *
 * @param read    null where the thing is gone
 * @param options isOne: all events are about one thing, and the stream ends with it; isFinal: it ends with this state;
 *   versionOf: grows with every change of the one thing; a state that was read just before its event came is not repeated
 */
export function statesOf<Event, State>(
  events: AsyncIterableIterator<Event>,
  read: (event: Event) => Promise<State | null>,
  options: {
    isOne?: boolean
    isFinal?: (state: State) => boolean
    versionOf?: (state: State) => number
  },
): AsyncIterableIterator<State> {
  const { isOne = false, isFinal = () => false, versionOf } = options
  let finished = false
  let newest = -Infinity
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
      if (state === null || (versionOf && versionOf(state) <= newest)) continue
      newest = versionOf?.(state) ?? newest
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
