/**
 * Read the state behind each event and pass it on, until one is final. Not an async generator: a client that goes
 * away must end it at once, and a generator would wait for the next event first.
 *
 * @param read null where the thing is gone: the stream then ends
 */
export function statesOf<Event, State>(
  events: AsyncIterableIterator<Event>,
  read: (event: Event) => Promise<State | null>,
  isFinal: (state: State) => boolean = () => false,
): AsyncIterableIterator<State> {
  let finished = false
  const end = async (): Promise<IteratorResult<State>> => {
    finished = true
    await events.return?.()
    return { done: true, value: undefined }
  }
  return {
    async next() {
      if (finished) return end()
      const event = await events.next()
      if (event.done) return end()
      const state = await read(event.value)
      if (state === null) return end()
      finished = isFinal(state)
      return { done: false, value: state }
    },
    return: end,
    [Symbol.asyncIterator]() {
      return this
    },
  }
}
