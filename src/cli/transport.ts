import type { Config } from '../config.ts'
import type { AppContext } from '../context.ts'
import { readAdminToken } from '../server/admin-token.ts'
import { findServer } from '../server/server-file.ts'
import { VERSION } from '../server/version.ts'
import { ConnectionLost, usageFailure } from './failure.ts'
import { GRAPHQL_PATH } from '../server/paths.ts'

/** Which server a command uses, and as whom. */
export interface Connecting {
  url?: string
  token?: string
}

/** How requests reach the API: in this process, or a server by HTTP. */
export interface Transport {
  /** address of the API */
  endpoint: string
  /** 'local' in this process; 'nearby' a server that holds this machine's home folder; 'remote' named by --url */
  kind: 'local' | 'nearby' | 'remote'
  /** who we are, to a server */
  headers: Record<string, string>
  /** what the services need, where they run in this process */
  ctx?: AppContext
  fetch(endpoint: string, init: RequestInit): Promise<Response>
  close(): Promise<void>
}

/**
 * Find the API: the server that `url` names; else the one that holds the home folder, as its administrator; else start
 * everything in this process, without a socket.
 */
export async function openTransport(config: Config, { url, token }: Connecting): Promise<Transport> {
  const given = token ?? (process.env.TUNEBOOK_TOKEN || undefined)
  const address = await findServer(config.home)
  // Our own secret is shown to our own server only.
  const own = () => given ?? config.adminToken ?? readAdminToken(config.home)
  if (url !== undefined) {
    const endpoint = endpointOf(url)
    return overHttp('remote', endpoint, address === new URL(endpoint).origin ? own() : given)
  }
  if (address !== undefined) return overHttp('nearby', address + GRAPHQL_PATH, own())
  // Loaded only here: a client of a server need not load the server.
  return (await import('./in-process.ts')).inProcess(config)
}

/**
 * Each request on a connection of its own: one that waits for the next may be closed by the server while we are busy,
 * and a mutation that was sent into it cannot be sent again without doing it twice.
 */
function overHttp(kind: 'nearby' | 'remote', endpoint: string, token: string | undefined): Transport {
  const headers = {
    'user-agent': `tunebook/${VERSION}`,
    connection: 'close',
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
  }
  return { kind, endpoint, headers, fetch: (url, init) => reach(url, init), close: async () => {} }
}

async function reach(endpoint: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(endpoint, init)
  } catch (error) {
    if (init.signal?.aborted) throw error
    throw new ConnectionLost(
      `No server answers at ${endpoint} (${reason(error)}). Start one with "npm start", or leave --url out to work without one.`,
    )
  }
}

export function reason(error: unknown): string {
  const { cause, message } = error as Error & { cause?: { code?: string; message?: string } }
  return cause?.code ?? cause?.message ?? message
}

function endpointOf(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  if (parsed?.protocol !== 'http:' && parsed?.protocol !== 'https:') {
    throw usageFailure(`--url ${url} is not an address. Write it as http://127.0.0.1:4000.`)
  }
  if (parsed.pathname === '/') parsed.pathname = GRAPHQL_PATH
  return parsed.href
}
