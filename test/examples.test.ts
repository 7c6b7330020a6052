import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createApiToken } from '../src/auth/service.ts'
import { serveHttp, type HttpServer } from '../src/server/http.ts'
import { seedStrategies } from '../src/strategy/service.ts'
import { startWorker } from '../src/tuning/worker.ts'
import { testContext, type TestContext } from './helpers.ts'
import { smallMarket } from './server/small-job.ts'

let ctx: TestContext
let server: HttpServer
let token: string
beforeAll(async () => {
  ctx = await testContext()
  await seedStrategies(ctx)
  await smallMarket(ctx)
  await startWorker(ctx)
  token = (await createApiToken(ctx, { name: 'example', roles: ['TUNER'] })).secret
  server = await serveHttp({ ...ctx, config: { ...ctx.config, port: 0 } }, '/nowhere')
})
afterAll(async () => {
  await server.close()
  await ctx.close()
})

/** Run an example against the server. @returns what it printed, as JSON, and how it ended */
async function run(command: string, file: string) {
  const path = fileURLToPath(new URL(`../examples/${file}`, import.meta.url))
  const env = { PATH: process.env.PATH, TUNEBOOK_URL: server.url, TUNEBOOK_TOKEN: token, PYTHONIOENCODING: 'utf-8' }
  const child = spawn(command, [path], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  return { code: code as number, stderr, result: stdout && (JSON.parse(stdout) as unknown) }
}

const DONE = {
  status: 'COMPLETED',
  readiness: { productionReady: expect.any(Boolean), explanation: expect.any(String) },
}

describe('the example client', () => {
  test('in TypeScript tunes, follows and reads the verdict', { timeout: 120_000 }, async () => {
    const { code, stderr, result } = await run(process.execPath, 'client.ts')
    expect(stderr).toContain('COMPLETED FINISHED 100 %')
    expect(result).toMatchObject(DONE)
    expect(code).toBe(0)
  })

  test('in Python does the same', { timeout: 120_000 }, async ({ skip }) => {
    skip(spawnSync('python3', ['--version']).status !== 0, 'no python3 here')
    const { code, stderr, result } = await run('python3', 'client.py')
    expect(stderr).toContain('COMPLETED FINISHED 100%')
    expect(result).toMatchObject(DONE)
    expect(code).toBe(0)
  })
})
