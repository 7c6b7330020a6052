import { readdirSync, readFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'vite'
import { generate } from './codegen.ts'

const CONFIG = fileURLToPath(new URL('vite.config.ts', import.meta.url))
const OUTPUT = fileURLToPath(new URL('../build/web', import.meta.url))

/**
 * `node web/build.ts [folder]`: write the types of the operations, then the pages into build/web, or into another
 * folder, which is emptied first.
 */
async function main(): Promise<void> {
  const started = performance.now()
  process.env.NODE_ENV = 'production' // a test runner, or a shell, may ask for React's development version
  const folder = resolve(process.argv[2] ?? OUTPUT)
  await generate()
  await build({ configFile: CONFIG, logLevel: 'warn', build: { outDir: folder } })
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  console.log(`${relative('.', folder)}: ${weigh(folder)} in ${seconds} s`)
}

/** Files and kB of a built folder, as they travel. */
function weigh(folder: string): string {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((file) => file.isFile())
  const contents = files.map((file) => readFileSync(join(file.parentPath, file.name)))
  return `${files.length} files, ${kB(contents)} kB (${kB(contents.map((content) => gzipSync(content)))} kB gzip)`
}

function kB(parts: readonly Uint8Array[]): number {
  return Math.round(parts.reduce((sum, { length }) => sum + length, 0) / 1000)
}

await main()
