import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { parse } from 'graphql'
import { describe, expect, test } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))
const readme = readFileSync(join(root, 'README.md'), 'utf8')

function blocks(language: string): string[] {
  return [...readme.matchAll(new RegExp(`\`\`\`${language}\n([^]*?)\`\`\``, 'g'))].map(([, text]) => text)
}

describe('the README', () => {
  test('shows the answer that the demo really gives', { timeout: 180_000 }, async () => {
    const home = mkdtempSync(join(tmpdir(), 'tunebook-readme-'))
    try {
      const env = { ...process.env, TUNEBOOK_HOME: home, DATABASE_URL: '', TUNEBOOK_THREADS: '2' }
      const run = promisify(execFile)
      const { stdout } = await run(process.execPath, [join(root, 'src/cli.ts'), 'demo', '--json'], {
        env,
        maxBuffer: 64 * 2 ** 20,
      })
      const [withEdge, pureChance] = JSON.parse(stdout)
      expect(withEdge).toMatchObject(JSON.parse(blocks('json')[0]))
      expect(pureChance.readiness.criteriaMet).toBe(false)
    } finally {
      rmSync(home, { recursive: true, force: true })
    }
  })

  test('has only GraphQL that can be parsed', () => {
    for (const text of blocks('graphql')) expect(() => parse(text)).not.toThrow()
  })

  test('names only npm scripts and files that exist', () => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>
    }
    const named = [...readme.matchAll(/npm run ([a-z:]+)/g)].map(([, name]) => name)
    expect(named.filter((name) => !(name in scripts))).toEqual([])
    const links = [...readme.matchAll(/\]\(([^)#:]+)\)/g)].map(([, path]) => path)
    expect(links.filter((path) => !existsSync(join(root, path)))).toEqual([])
  })
})
