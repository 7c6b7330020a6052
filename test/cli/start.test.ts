import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'

/** Prints the packages that are loaded with a module. */
const LOADED = `
  import { registerHooks } from 'node:module'
  const packages = new Set()
  registerHooks({
    load(url, context, next) {
      const [, name] = /node_modules\\/((?:@[^/]+\\/)?[^/]+)/.exec(url) ?? []
      if (name) packages.add(name)
      return next(url, context)
    },
  })
  await import(process.argv[1])
  console.log([...packages].join())`

test('a server starts without the libraries of what most of its questions do not need', () => {
  const module = new URL('../../src/cli/serve.ts', import.meta.url).href
  const loaded = execFileSync(process.execPath, ['--input-type=module', '-e', LOADED, module], { encoding: 'utf8' })
  expect(loaded).toContain('graphql-yoga')
  for (const name of [
    'grammy',
    'jose',
    'hyparquet',
    'hyparquet-writer',
    'apache-arrow',
    'ccxt',
    '@resvg/resvg-js',
    '@modelcontextprotocol/server',
  ]) {
    expect(loaded.trim().split(',')).not.toContain(name)
  }
})
