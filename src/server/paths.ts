/** Where the API is, over HTTP and WebSocket. */
export const GRAPHQL_PATH = '/graphql'
