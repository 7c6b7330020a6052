/** `npm ci` fails elsewhere if an optional platform package stands in a package's list but not in the lock file. */
import { readFileSync } from 'node:fs'

interface Entry {
  optionalDependencies?: Record<string, string>
}

const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as { packages: Record<string, Entry> }
const missing = Object.entries(packages).flatMap(([path, { optionalDependencies }]) =>
  Object.keys(optionalDependencies ?? {})
    .filter((name) => !packages[`${path}/node_modules/${name}`] && !packages[`node_modules/${name}`])
    .map((name) => `${path || 'the project'} wants ${name}`),
)
if (missing.length > 0) {
  process.stderr.write(`Not in package-lock.json:\n${missing.join('\n')}\n`)
  process.exitCode = 1
}
