import type { WebSocket } from 'ws'

/**
 * Send results of a subscription as the graphql-transport-ws protocol wants them. The JSON of a result may be that of a
 * thousand other clients: only the id of the subscription is written anew for each.
 *
 * The next result is asked for when the socket has taken the last one, so a client that does not read holds up nobody
 * and costs one result.
 *
 * Not an async generator: `return()` must reach the results at once, also while `next()` waits.
 *
 * @param textOf the result as JSON
 * @returns a stream of nothing that ends with the results: graphql-ws, which would write each of them again, waits for
 *   it and says the end
 */
export function delivered<Result>(
  socket: WebSocket,
  id: string,
  results: AsyncIterableIterator<Result>,
  textOf: (result: Result) => string,
): AsyncIterableIterator<never> {
  const head = `{"id":${JSON.stringify(id)},"type":"next","payload":`
  return {
    async next() {
      for (;;) {
        const { done, value } = await results.next()
        if (done) return { done: true, value: undefined }
        try {
          await sent(socket, `${head}${textOf(value)}}`)
        } catch (error) {
          await results.return?.() // nobody asks a stream that failed to return
          throw error
        }
      }
    },
    async return() {
      await results.return?.()
      return { done: true, value: undefined }
    },
    [Symbol.asyncIterator]() {
      return this
    },
  }
}

function sent(socket: WebSocket, text: string): Promise<void> {
  if (socket.readyState !== socket.OPEN) return Promise.resolve()
  return new Promise((resolve, reject) => socket.send(text, (error) => (error ? reject(error) : resolve())))
}
