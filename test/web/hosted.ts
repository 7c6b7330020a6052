import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Browser } from 'playwright-core'
import { serveHttp, type HttpServer } from '../../src/server/http.ts'
import { testContext, type TestContext } from '../helpers.ts'
import { launch } from './browser.ts'

const BUILD = fileURLToPath(new URL('../../web/build.ts', import.meta.url))

/** The built pages on a server of their own, and a browser to look at them with. */
export interface Hosted {
  ctx: TestContext
  server: HttpServer
  browser: Browser
  /** Stop answering, do something, and answer again at the same address. */
  restart: (meanwhile: () => Promise<void>) => Promise<void>
  close: () => Promise<void>
}

export async function host(): Promise<Hosted> {
  const folder = mkdtempSync(join(tmpdir(), 'tunebook-pages-'))
  await promisify(execFile)(process.execPath, [BUILD, folder])
  const opened = await testContext()
  const ctx = { ...opened, config: { ...opened.config, port: 0 } }
  const hosted: Hosted = {
    ctx,
    server: await serveHttp(ctx, folder),
    browser: await launch(),
    restart: async (meanwhile) => {
      const port = Number(new URL(hosted.server.url).port)
      await hosted.server.close()
      await meanwhile()
      hosted.server = await serveHttp({ ...ctx, config: { ...ctx.config, port } }, folder)
    },
    close: async () => {
      await hosted.browser.close()
      await hosted.server.close()
      await ctx.close()
      rmSync(folder, { recursive: true })
    },
  }
  return hosted
}
