import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../../', import.meta.url))

test(
  'what is printed into a pipe arrives whole, also beyond the 64 KiB that a pipe holds',
  { timeout: 60_000 },
  async () => {
    const schema = readFileSync(`${root}schema.graphql`, 'utf8')
    expect(schema.length).toBeGreaterThan(65_536)
    const child = spawn(process.execPath, [`${root}src/cli.ts`, 'print-schema'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    expect(await text(child.stdout)).toBe(schema)
  },
)
