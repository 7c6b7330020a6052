import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))

/** In order of dependency: a file imports from its own place and from what stands above it. */
const ORDER = [
  'errors.ts',
  'ids.ts',
  'viewer.ts',
  'operation.ts',
  'log.ts',
  'bytea.ts',
  'config.ts',
  'postgres.ts',
  'repeated.ts',
  'deadline.ts',
  'db-failure.ts',
  'outage.ts',
  'migration.ts',
  'db.ts',
  'paging.ts',
  'events',
  'events.ts',
  'engine',
  'queue',
  'context.ts',
  'graphql',
  'auth',
  'market',
  'strategy',
  'backtest',
  'models',
  'evidence',
  'tuning',
  'playbook',
  'picture',
  'telegram',
  'webhook',
  'server',
  'app.ts',
  'cli',
  'cli.ts',
]

/** The names by which a folder's only impure files go. */
const RESERVED = ['table.ts', 'service.ts', 'schema.ts']

const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' }).filter((file) =>
  file.endsWith('.ts'),
)

function place(file: string): number {
  return ORDER.indexOf(file.split('/')[0])
}

/** Files that a file imports, as paths below src. */
function importsOf(file: string): { path: string; typeOnly: boolean }[] {
  const text = readFileSync(join(root, 'src', file), 'utf8')
  const statements = text.matchAll(/^(?:import|export)\s+(type\s+)?(?:[^'"]*?from\s+)?'(\.[^']+)'/gm)
  return [...statements].map(([, type, path]) => ({
    path: relative(join(root, 'src'), join(root, 'src', dirname(file), path)),
    typeOnly: type !== undefined,
  }))
}

describe('the order of the house', () => {
  test('names every place in src', () => {
    expect(files.filter((file) => place(file) < 0)).toEqual([])
  })

  test('lets a file import only from its own place and from what stands above it', () => {
    const wrong = files.flatMap((file) =>
      importsOf(file)
        .filter(({ path }) => place(path) > place(file))
        .map(({ path }) => `${file} imports ${path}`),
    )
    expect(wrong).toEqual([])
  })

  test('opens PostgreSQL in one place, which refuses a driver that is not repaired', () => {
    const direct = files.filter((file) => /from 'postgres'/.test(readFileSync(join(root, 'src', file), 'utf8')))
    expect(direct).toEqual(['postgres.ts'])
  })

  test('keeps the engine and the pure files away from database and GraphQL', () => {
    const impure = ['context.ts', 'migration.ts', 'db.ts', 'queue', 'graphql', 'events', 'events.ts']
    const pure = files.filter((file) => {
      const [folder, name] = file.split('/')
      return name && ['engine', 'evidence'].includes(folder) && !RESERVED.includes(name)
    })
    const wrong = pure.flatMap((file) =>
      importsOf(file)
        .filter(({ path }) => impure.includes(path.split('/')[0]))
        .map(({ path }) => `${file} imports ${path}`),
    )
    expect(wrong).toEqual([])
  })

  test('has no file that only passes on what others define', () => {
    const passing = files.filter((file) => {
      const lines = readFileSync(join(root, 'src', file), 'utf8')
        .split('\n')
        .filter((line) => line.trim() && !line.startsWith('//'))
      return lines.length > 0 && lines.every((line) => /^export .* from /.test(line))
    })
    expect(passing).toEqual([])
  })

  test('leaves the kernels free of anything in src', () => {
    const kernels = readdirSync(join(root, 'assembly')).filter((file) => file.endsWith('.ts'))
    const wrong = kernels.filter((file) =>
      /from\s+['"]\.\.\/src/.test(readFileSync(join(root, 'assembly', file), 'utf8')),
    )
    expect(wrong).toEqual([])
  })
})
