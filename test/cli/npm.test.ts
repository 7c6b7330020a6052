import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from 'vitest'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'tunebook-npm-'))
const started: ChildProcess[] = []
afterAll(() => {
  for (const { pid } of started) {
    try {
      process.kill(-pid!, 'SIGKILL') // npm, its shell and what it has started
    } catch {
      // all of them are gone
    }
  }
  rmSync(folder, { recursive: true, force: true })
})

test.each([
  ['npm', 'start'],
  ['npx', 'tunebook', 'serve'],
])(
  'SIGTERM of %s %s stops the server behind it, in order',
  async (program, ...args) => {
    const { PATH, HOME } = process.env
    const env = { PATH, HOME, TUNEBOOK_HOME: join(folder, program), PORT: '0', TUNEBOOK_THREADS: '1' }
    const npm = spawn(program, args, { cwd: ROOT, env, detached: true })
    started.push(npm)
    let said = ''
    const isUp = new Promise<void>((resolve) => {
      npm.stdout.on('data', (chunk) =>
        (said += chunk).includes('Sign in') || said.includes('#token=') ? resolve() : null,
      )
    })
    npm.stderr.on('data', (chunk) => (said += chunk))
    await isUp
    npm.kill('SIGTERM')
    await once(npm, 'close') // of the pipes, too, which the server holds
    expect(said).toContain('Stopping …')
  },
  60_000,
)
