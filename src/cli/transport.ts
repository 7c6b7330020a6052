import { mkdirSync } from 'node:fs'
import { pino } from 'pino'
import { openApp } from '../app.ts'
import type { Config } from '../config.ts'
import type { AppContext } from '../context.ts'
import { createApi, GRAPHQL_PATH } from '../server/api.ts'
import { readAdminToken } from '../server/admin-token.ts'
import { findServer } from '../server/server-file.ts'
import { VERSION } from '../server/version.ts'
import { localViewer } from '../viewer.ts'
import { ConnectionLost, usageFailure } from './failure.ts'

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
  return address === undefined ? inProcess(config) : overHttp('nearby', address + GRAPHQL_PATH, own())
}

/** Nothing but what goes wrong is logged, to standard error: standard output belongs to the result. */
export async function inProcess(config: Config): Promise<Transport> {
  const level = process.env.LOG_LEVEL ? config.logLevel : 'error'
  mkdirSync(config.home, { recursive: true, mode: 0o700 })
  const app = await openApp({ ...config, role: 'all' }, pino({ level }, pino.destination(2)))
  const api = createApi({ ...app.ctx, viewer: localViewer('CLI') })
  return {
    kind: 'local',
    headers: {},
    endpoint: `http://localhost${GRAPHQL_PATH}`,
    ctx: app.ctx,
    fetch: async (endpoint, init) => api.fetch(endpoint, init),
    close: () => app.close(),
  }
}

function overHttp(kind: 'nearby' | 'remote', endpoint: string, token: string | undefined): Transport {
  const headers = {
    'user-agent': `tunebook/${VERSION}`,
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
