import { createClient as createSocket, type Sink } from 'graphql-ws'
import { cacheExchange, Client, fetchExchange, mapExchange, subscriptionExchange } from 'urql'
import { reportConnection } from './connection.ts'
import { authorization, endSession } from './session.ts'

const ENDPOINT = '/graphql'
/** The socket stays open for so long after its last subscription: screens change faster. */
const LINGER_MS = 5000
const LONGEST_WAIT_MS = 10_000
/** The close code of our own farewell; any other means that the server went away. */
const FAREWELL = 1000
/** The close code for a token that does not count, or not any more. */
const FORBIDDEN = 4403
const UNAUTHENTICATED = 401

const socket = createSocket({
  url: () => new URL(ENDPOINT, window.location.href).href.replace(/^http/, 'ws'),
  connectionParams: authorization,
  lazyCloseTimeout: LINGER_MS,
  retryAttempts: Infinity,
  shouldRetry: (event) => (event as CloseEvent).code !== FORBIDDEN,
  retryWait: (retries) => new Promise((resolve) => setTimeout(resolve, Math.min(LONGEST_WAIT_MS, 500 * 2 ** retries))),
  on: {
    connected: () => reportConnection('open'),
    closed: (event) => {
      const { code } = event as CloseEvent
      if (code === FORBIDDEN) endSession()
      reportConnection(code === FAREWELL || code === FORBIDDEN ? 'idle' : 'lost')
    },
  },
})

/**
 * Questions and changes by HTTP, news by WebSocket. What is known is shown at once and asked again; a change makes
 * the client ask again for whatever it may have touched.
 */
export const client = new Client({
  url: ENDPOINT,
  preferGetMethod: false,
  fetchOptions: () => ({ headers: authorization() }),
  requestPolicy: 'cache-and-network',
  exchanges: [
    cacheExchange,
    mapExchange({
      onError: ({ response }) => {
        if ((response as Response | undefined)?.status === UNAUTHENTICATED) endSession()
      },
    }),
    fetchExchange,
    subscriptionExchange({
      forwardSubscription: ({ query = '', variables }) => ({
        subscribe: (sink) => ({
          unsubscribe: socket.subscribe({ query, variables: variables as Record<string, unknown> }, sink as Sink),
        }),
      }),
    }),
  ],
})
