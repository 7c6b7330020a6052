import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { databaseTests } from './test/database-tests.ts'

const TESTS = fileURLToPath(new URL('test', import.meta.url))

export default defineConfig({
  resolve: {
    // Node takes this file; vite would take the development build, and two copies of graphql do not know each other.
    alias: [
      { find: /^graphql$/, replacement: fileURLToPath(new URL('node_modules/graphql/index.mjs', import.meta.url)) },
    ],
  },
  test: {
    // What opens no database has nothing to say about PostgreSQL.
    include: process.env.TEST_DATABASE_URL ? databaseTests(TESTS) : ['test/**/*.test.ts'],
    globalSetup: ['test/setup.ts'],
    testTimeout: 180_000,
    hookTimeout: 180_000,
    // A second, what it would be, is short for a page on a busy machine.
    expect: { poll: { timeout: 15_000 } },
    maxWorkers: 2,
    // What files import is evaluated once a worker, not once a file: a third of all the work there is. So a file has to
    // leave behind what it found: globals, the environment, spies, prototypes.
    isolate: false,
  },
})
