import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'vite'
import { generate } from './codegen.ts'

const CONFIG = fileURLToPath(new URL('vite.config.ts', import.meta.url))
const OUTPUT = fileURLToPath(new URL('../build/web', import.meta.url))

/** Write the types of the operations, then the pages. @param folder where the pages go, emptied first */
export async function buildDashboard(folder = OUTPUT): Promise<void> {
  await generate()
  await build({ configFile: CONFIG, logLevel: 'warn', build: { outDir: folder } })
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

if (import.meta.main) {
  const started = performance.now()
  await buildDashboard()
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  console.log(`build/web: ${weigh(OUTPUT)} in ${seconds} s`)
}
