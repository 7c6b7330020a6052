import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { openApp } from '../src/app.ts'
import { readConfig } from '../src/config.ts'
import { serveHttp } from '../src/server/http.ts'

/** A server with an empty database of its own, until its parent says stop or goes away. */
const home = mkdtempSync(join(tmpdir(), 'tunebook-drill-'))
const config = readConfig({
  TUNEBOOK_HOME: home,
  TUNEBOOK_THREADS: '1',
  TUNEBOOK_ADMIN_TOKEN: process.env.TUNEBOOK_ADMIN_TOKEN,
  PORT: '0',
})
const app = await openApp(config, pino({ level: 'silent' }))
const server = await serveHttp(app.ctx)
process.send!(server.url)

const stop = async (): Promise<void> => {
  await server.close()
  await app.close()
  rmSync(home, { recursive: true, force: true })
  process.exit(0)
}
process.once('message', () => void stop())
process.once('disconnect', () => void stop())
