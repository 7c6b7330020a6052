#!/usr/bin/env node
// Starts the command line on the Node that the lock file pins, whatever Node the machine has.
import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

const require = createRequire(import.meta.url)
const cli = fileURLToPath(new URL('../src/cli.ts', import.meta.url))
const node = pinnedNode() ?? process.execPath

if (node === process.execPath && Number(process.versions.node.split('.')[0]) < 24) {
  console.error(
    `Tunebook needs Node 24 or newer; this is ${process.version}. Run "npm ci" on Linux (it brings one), or install Node 24.`,
  )
  process.exit(1)
}
const child = spawn(node, [cli, ...process.argv.slice(2)], { stdio: 'inherit' })
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
// npx hands SIGTERM on to its shell only, which dies of it and leaves us behind.
const parent = process.ppid
const orphaned = setInterval(() => {
  if (process.env.npm_lifecycle_event !== 'npx' || process.ppid === parent) return
  clearInterval(orphaned)
  child.kill('SIGTERM')
}, 250)
child.on('exit', (code, signal) => process.exit(code ?? (signal ? 128 : 1)))

function pinnedNode() {
  try {
    return require.resolve(`node-${process.platform}-${process.arch}/bin/node`)
  } catch {
    return undefined
  }
}
