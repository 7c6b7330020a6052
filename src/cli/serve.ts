import { mkdirSync } from 'node:fs'
import { createServer } from 'node:http'
import { flushCompileCache } from 'node:module'
import { openApp, type App } from '../app.ts'
import { readConfig, type Config } from '../config.ts'
import { DomainError } from '../errors.ts'
import { createLog } from '../log.ts'
import { openAdminToken, signInLink, type AdminToken } from '../server/admin-token.ts'
import { listen, serveHttp, type HttpServer } from '../server/http.ts'
import { removeServerFile, writeServerFile } from '../server/server-file.ts'
import { VERSION } from '../server/version.ts'
import { CliFailure, EXIT } from './failure.ts'
import { print, say } from './output.ts'

/** npm and our launcher pass a signal on that the terminal has sent to us already: one wish, two signals. */
const SAME_WISH_MS = 250
/** Whether "npm start" or npx has started us, and who was our parent then. */
const OF_NPM = ['start', 'npx'].includes(process.env.npm_lifecycle_event ?? '')
const PARENT = process.ppid
const LOOK_FOR_PARENT_MS = 250
/** What is not closed by then is left behind: jobs and checkpoints are durable. */
const STOP_WITHIN_MS = 9500

/**
 * Serve until a signal comes: stop accepting, finish calls, let the worker release its job, close.
 *
 * @returns 0 after an orderly stop
 * @throws CliFailure with everything that stands in the way of a start
 */
export async function serve(environment = process.env): Promise<number> {
  const given = readConfig(environment)
  const admin = given.role === 'worker' ? null : keepAdminToken(given)
  const config = { ...given, adminToken: admin?.secret }
  const app = await start(config)
  const server = admin ? await listenOrClose(app) : null
  if (server) writeServerFile(config.home, server.url)
  flushCompileCache() // one that is killed would leave nothing for its next start
  announceStart(config, server?.url)
  if (server && admin) announceSignIn(server.url, admin)

  await stopSignal()
  say('Stopping …')
  removeServerFile(config.home)
  setTimeout(() => process.exit(EXIT.ready), STOP_WITHIN_MS).unref()
  app.ctx.queue.letGo()
  await server?.close()
  await app.close()
  return EXIT.ready
}

function keepAdminToken(config: Config): AdminToken {
  mkdirSync(config.home, { recursive: true, mode: 0o700 })
  return openAdminToken(config)
}

/** Open everything. A taken port is looked for at the same time, so that all problems are told at once. */
async function start(config: Config): Promise<App> {
  mkdirSync(config.home, { recursive: true, mode: 0o700 })
  const { databaseUrl, adminToken, telegram, webhook } = config
  const log = createLog(config.logLevel, [
    databaseUrl && decodeURIComponent(new URL(databaseUrl).password),
    adminToken,
    telegram?.token,
    telegram?.webhook?.secret,
    webhook?.secret,
  ])
  const [app, port] = await Promise.allSettled([openApp(config, log), probePort(config)])
  if (app.status === 'fulfilled' && port.status === 'fulfilled') return app.value
  if (app.status === 'fulfilled') await app.value.close()
  const reasons = [app, port].flatMap((result) => (result.status === 'rejected' ? [result.reason as Error] : []))
  const bug = reasons.find((reason) => !(reason instanceof DomainError))
  if (bug) throw bug
  throw new CliFailure(['Tunebook cannot start.', ...reasons.map(({ message }) => message)].join('\n'))
}

async function probePort({ port, host, role }: Config): Promise<void> {
  if (role === 'worker') return
  const probe = createServer()
  await listen(probe, port, host)
  await new Promise((resolve) => probe.close(resolve))
}

async function listenOrClose(app: App): Promise<HttpServer> {
  try {
    return await serveHttp(app.ctx)
  } catch (error) {
    await app.close()
    throw error
  }
}

/** @param url of the HTTP server; a worker has none */
function announceStart(config: Config, url: string | undefined): void {
  print(`Tunebook ${VERSION}`)
  print(`  Dashboard  ${url ? `${url}/` : 'none here (TUNEBOOK_ROLE=worker)'}`)
  if (url) print(`  API        ${url}/graphql`)
  print(`  Compute    ${config.role === 'api' ? 'none here (TUNEBOOK_ROLE=api)' : `${config.threads} threads`}`)
  if (config.databaseUrl !== undefined) return print(`  Database   PostgreSQL at ${new URL(config.databaseUrl).host}`)
  print(`  Database   embedded, in ${config.home}`)
  print(
    '             It survives a killed process, but not a power loss: npx tunebook backup <folder>, or set DATABASE_URL.',
  )
}

/** The link is shown at the first start only: what is printed may be kept by whatever reads it. */
function announceSignIn(url: string, { secret, isNew }: AdminToken): void {
  if (!isNew) return print('  Sign in    "npx tunebook sign-in" prints the link for your browser')
  print('\nOpen this link once to sign in; your browser remembers it. It lets its holder do everything:')
  print(`  ${signInLink(url, secret)}`)
}

/**
 * Wait for SIGINT or SIGTERM; from then on another one ends the process at once. npm hands SIGTERM on to its shell only,
 * which dies of it and leaves us behind: that is a signal, too.
 */
async function stopSignal(): Promise<void> {
  await new Promise<void>((resolve) => {
    if (OF_NPM) setInterval(() => process.ppid !== PARENT && resolve(), LOOK_FOR_PARENT_MS).unref()
    let first: number | undefined
    const onSignal = (signal: NodeJS.Signals): void => {
      if (first === undefined) {
        first = performance.now()
        resolve()
      } else if (performance.now() - first > SAME_WISH_MS) {
        process.exit(signal === 'SIGINT' ? EXIT.interrupted : 143)
      }
    }
    process.on('SIGINT', onSignal)
    process.on('SIGTERM', onSignal)
  })
}
