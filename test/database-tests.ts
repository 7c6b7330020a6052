import { globSync, readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'

const IMPORT = /from '(\.{1,2}\/[^']+)'/g

/** The test files that open a database, themselves or through what they import from test/. */
export function databaseTests(folder: string): string[] {
  const known = new Map<string, boolean>()
  const opens = (file: string): boolean => {
    const before = known.get(file)
    if (before !== undefined) return before
    known.set(file, false)
    const text = readFileSync(file, 'utf8')
    const imports = [...text.matchAll(IMPORT)].map(([, path]) => resolve(dirname(file), path))
    const answer = text.includes('TEST_DATABASE_URL') || imports.some((path) => path.startsWith(folder) && opens(path))
    known.set(file, answer)
    return answer
  }
  return globSync('**/*.test.ts', { cwd: folder })
    .map((file) => resolve(folder, file))
    .filter(opens)
}
