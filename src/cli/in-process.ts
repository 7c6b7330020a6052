import { mkdirSync } from 'node:fs'
import { pino } from 'pino'
import { openApp } from '../app.ts'
import type { Config } from '../config.ts'
import { createApi } from '../server/api.ts'
import { GRAPHQL_PATH } from '../server/paths.ts'
import { localViewer } from '../viewer.ts'
import type { Transport } from './transport.ts'

/**
 * Everything in this process, without a socket. Nothing but what goes wrong is logged, to standard error: standard
 * output belongs to the result.
 */
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
