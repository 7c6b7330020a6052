/**
 * Compares schema.graphql with the contract that it must be a superset of and prints what is missing.
 * `node .ci/contract.ts <contract.graphql>`; exit code 1 with --strict where anything is.
 */
import { readFileSync } from 'node:fs'
import { buildSchema, findBreakingChanges } from 'graphql'

const [contractFile] = process.argv.slice(2).filter((argument) => !argument.startsWith('--'))
const read = (file: string) => buildSchema(readFileSync(file, 'utf8'), { assumeValidSDL: true })
const missing = findBreakingChanges(read(contractFile), read('schema.graphql')).map(({ description }) => description)

for (const line of missing) process.stdout.write(`  ${line}\n`)
process.stdout.write(
  missing.length === 0 ? 'Contract: met.\n' : `Contract: ${missing.length} places are still missing.\n`,
)
process.exitCode = missing.length > 0 && process.argv.includes('--strict') ? 1 : 0
