import { mkdirSync } from 'node:fs'
import { pino } from 'pino'
import { openApp } from '../app.ts'
import type { Config } from '../config.ts'
import type { AppContext } from '../context.ts'
import { createApi, GRAPHQL_PATH } from '../server/api.ts'
import { findServer } from '../server/server-file.ts'
import { localViewer } from '../viewer.ts'
import { ConnectionLost, usageFailure } from './failure.ts'

/** How requests reach the API: in this process, or a server by HTTP. */
export interface Transport {
  /** address of the API */
  endpoint: string
  /** 'local' in this process; 'nearby' a server that holds this machine's home folder; 'remote' named by --url */
  kind: 'local' | 'nearby' | 'remote'
  /** what the services need, where they run in this process */
  ctx?: AppContext
  fetch(endpoint: string, init: RequestInit): Promise<Response>
  close(): Promise<void>
}

/**
 * Find the API: the server that `url` names; else the one that holds the home folder; else start everything in this
 * process, without a socket.
 */
export async function openTransport(config: Config, url: string | undefined): Promise<Transport> {
  if (url !== undefined) return overHttp('remote', endpointOf(url))
  const address = await findServer(config.home)
  return address === undefined ? inProcess(config) : overHttp('nearby', address + GRAPHQL_PATH)
}

/** Nothing but what goes wrong is logged, to standard error: standard output belongs to the result. */
export async function inProcess(config: Config): Promise<Transport> {
  const level = process.env.LOG_LEVEL ? config.logLevel : 'error'
  mkdirSync(config.home, { recursive: true, mode: 0o700 })
  const app = await openApp({ ...config, role: 'all' }, pino({ level }, pino.destination(2)))
  const api = createApi({ ...app.ctx, viewer: localViewer('CLI') })
  return {
    kind: 'local',
    endpoint: `http://localhost${GRAPHQL_PATH}`,
    ctx: app.ctx,
    fetch: async (endpoint, init) => api.fetch(endpoint, init),
    close: () => app.close(),
  }
}

function overHttp(kind: 'nearby' | 'remote', endpoint: string): Transport {
  return { kind, endpoint, fetch: (url, init) => reach(url, init), close: async () => {} }
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
