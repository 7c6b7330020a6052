import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

interface Entry {
  dev?: boolean
  devOptional?: boolean
  optional?: boolean
  peer?: boolean
  link?: boolean
  integrity?: string
  hasInstallScript?: boolean
  os?: string[]
}

const lock = JSON.parse(readFileSync(new URL('../../package-lock.json', import.meta.url), 'utf8')) as {
  packages: Record<string, Entry>
}
const packages = Object.entries(lock.packages).filter(([path, { link }]) => path !== '' && !link)
const runtime = packages.filter(([, { dev, devOptional, optional }]) => !dev && !devOptional && !optional)
const nameOf = ([path]: [string, Entry]): string => path.split('node_modules/').at(-1)!

test('every package in the lock has the hash of its content', () => {
  expect(packages.filter(([, { integrity }]) => !integrity?.startsWith('sha512-')).map(nameOf)).toEqual([])
})

test('no package that a user gets runs a script when it is installed', () => {
  expect(runtime.filter(([, { hasInstallScript }]) => hasInstallScript).map(nameOf)).toEqual([])
})

/** More than the 60 that we want: docs/security.md says where they come from. It may only become less. */
const MOST_PACKAGES = 126

test('a user gets no more packages than when we last counted', () => {
  expect(runtime.length).toBeLessThanOrEqual(MOST_PACKAGES)
})
