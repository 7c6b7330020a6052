// Makes `npx tunebook` run this checkout. A "bin" in package.json would too, but npx would then build the project
// once more on its first call.
import { mkdirSync, rmSync, symlinkSync } from 'node:fs'

mkdirSync('node_modules/.bin', { recursive: true })
rmSync('node_modules/.bin/tunebook', { force: true })
symlinkSync('../../bin/tunebook.mjs', 'node_modules/.bin/tunebook')
