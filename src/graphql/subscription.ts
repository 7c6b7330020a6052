import { outlasting } from '../outage.ts'

/**
 * Things of which a stream remembers what it has told last; beyond, it forgets those that it told longest ago, whose
 * state it may then repeat. Of a thousand streams they take 14 MB.
 */
const REMEMBERED = 500

/**
 * Read the state behind each event and pass it on. Not an async generator: a client that goes away must end it at
 * once, and a generator would wait for the next event first. A database that is away is waited for.
 *
 * @param read    null where the thing is gone
 * @param options isOne: all events are about one thing, and the stream ends with it; isFinal: it ends with this state;
 *   versionOf: grows with every change of a thing; a state that was read just before its event came is not repeated
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
  const left = new AbortController()
  const told = new Map<Event | null, number>()
  const end = async (): Promise<IteratorResult<State>> => {
    finished = true
    left.abort()
    await events.return?.()
    return { done: true, value: undefined }
  }
  const next = async (): Promise<IteratorResult<State>> => {
    while (!finished) {
      const event = await events.next()
      if (event.done) break
      const state = await outlasting(left.signal, () => read(event.value))
      if (state === null && isOne) break
      if (state === null || (versionOf && !isNews(told, isOne ? null : event.value, versionOf(state)))) continue
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
        if (finished) return end() // who has left does not want to hear of it
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

function isNews<Thing>(told: Map<Thing, number>, thing: Thing, version: number): boolean {
  if (version <= (told.get(thing) ?? -Infinity)) return false
  told.delete(thing)
  told.set(thing, version)
  if (told.size > REMEMBERED) told.delete(told.keys().next().value!)
  return true
}
