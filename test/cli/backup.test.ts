import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { lockFolder, openEmbedded } from '../../src/db.ts'
import { strategies } from '../../src/strategy/table.ts'
import { seedStrategies } from '../../src/strategy/service.ts'
import { testContext } from '../helpers.ts'

const CLI = fileURLToPath(new URL('../../src/cli.ts', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'tunebook-backup-'))
const home = join(folder, 'home')
const copy = join(folder, 'copy')
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function backup(target: string): Promise<{ code: number; stdout: string; stderr: string }> {
  const { PATH, NODE_COMPILE_CACHE } = process.env
  const env = { PATH, NODE_COMPILE_CACHE, TUNEBOOK_HOME: home }
  return promisify(execFile)(process.execPath, [CLI, 'backup', target], { env }).then(
    (done) => ({ code: 0, ...done }),
    (error: { code: number; stdout: string; stderr: string }) => error,
  )
}

beforeAll(async () => {
  const storage = await openEmbedded(home)
  const context = await testContext()
  await seedStrategies({ ...context, db: storage.db })
  await context.close()
  await storage.close()
})

describe('a backup of the embedded database', () => {
  test('holds what the database held, and can be opened in its place', async () => {
    const { code, stdout } = await backup(copy)
    expect(stdout).toContain(`TUNEBOOK_HOME=${copy} npm start`)
    expect(code).toBe(0)
    const restored = await openEmbedded(copy)
    expect((await restored.db.select().from(strategies)).length).toBeGreaterThan(5)
    await restored.close()
  })

  test('is not made over something that is there, nor out of nothing', async () => {
    expect(await backup(folder)).toMatchObject({ code: 2, stderr: expect.stringContaining('is there already') })
    expect(await backup(join(home, 'database', 'x'))).toMatchObject({ code: 2 })
  })

  test('is not made while another process uses the database', async ({ skip }) => {
    skip(process.platform !== 'linux', 'folders are locked on Linux only')
    const unlock = await lockFolder(home)
    const target = join(folder, 'second')
    expect(await backup(target)).toMatchObject({ code: 1, stderr: expect.stringContaining('Another process is using') })
    expect(existsSync(target)).toBe(false)
    await unlock()
  })
})
