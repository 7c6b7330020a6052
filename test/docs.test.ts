import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Kind, parse } from 'graphql'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startWorker } from '../src/tuning/worker.ts'
import { answered, asker, type Ask } from './graphql/ask.ts'
import { testContext, type TestContext } from './helpers.ts'
import { runJob } from './tuning/jobs.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const pages = readdirSync(join(root, 'docs'))
  .filter((name) => name.endsWith('.md'))
  .map((name) => ({ name, text: readFileSync(join(root, 'docs', name), 'utf8') }))

/** The fenced blocks of a page: what stands behind the language, and the text. */
function blocks(text: string, language: string): { marks: string[]; text: string }[] {
  const fences = text.matchAll(new RegExp(`^\`\`\`${language}([^\n]*)\n([^]*?)^\`\`\``, 'gm'))
  return [...fences].map(([, marks, inside]) => ({ marks: marks.trim().split(' '), text: inside }))
}

const examples = pages.flatMap(({ name, text }) =>
  blocks(text, 'graphql').map((block, at) => ({ ...block, title: `${name}, example ${at + 1}` })),
)
const runnable = examples.filter(({ marks }) => marks.includes('runnable'))

let ctx: TestContext
let ask: Ask
/** What the variables of the examples stand for. */
let known: Record<string, unknown>
beforeAll(async () => {
  ctx = await testContext()
  ask = asker(ctx)
  await startWorker(ctx)
  const job = await runJob(ctx)
  known = {
    jobId: job.id,
    strategyId: job.strategyId,
    marketId: job.marketId,
    parameters: job.result!.candidates[0].parameters,
    trainingPeriod: periodOf(job.trainingFrom, job.trainingTo),
    testPeriod: periodOf(job.testFrom, job.testTo),
  }
})
afterAll(() => ctx.close())

function periodOf(from: number, to: number) {
  return { from: new Date(from).toISOString(), to: new Date(to).toISOString() }
}

function variablesOf(text: string): Record<string, unknown> {
  const [operation] = parse(text).definitions
  if (operation.kind !== Kind.OPERATION_DEFINITION) throw new Error('An example is one operation.')
  const names = (operation.variableDefinitions ?? []).map(({ variable }) => variable.name.value)
  return Object.fromEntries(names.map((name) => [name, known[name]]))
}

describe('the manual', () => {
  test.each(runnable)('$title works', async ({ text, marks }) => {
    const data = await answered(ask(text, variablesOf(text)))
    const outcome = Object.values(data as object).map((value) => (value as { __typename?: string }).__typename)
    const failed = outcome.some((name) => name?.endsWith('Error'))
    expect(failed, JSON.stringify(data)).toBe(marks.includes('refused'))
    expect(Object.values(data as object)).not.toContain(null)
  })

  test('has only GraphQL and JSON that can be parsed', () => {
    for (const { text } of examples) expect(() => parse(text)).not.toThrow()
    for (const { text } of pages) {
      for (const block of blocks(text, 'json')) expect(() => JSON.parse(block.text)).not.toThrow()
    }
  })

  test('names only commands and files that exist', () => {
    const help = spawnSync(process.execPath, [join(root, 'src/cli.ts'), '--help'], { encoding: 'utf8' }).stdout
    const commands = new Set([...help.matchAll(/^ {2}([a-z][a-z-]+)/gm)].map(([, name]) => name))
    for (const { name, text } of pages) {
      const named = [...text.matchAll(/npx tunebook ([a-z][a-z-]+)/g)].map(([, command]) => command)
      expect(
        named.filter((command) => !commands.has(command)),
        name,
      ).toEqual([])
      const links = [...text.matchAll(/\]\(([^)#:]+)\)/g)].map(([, path]) => path)
      expect(
        links.filter((path) => !existsSync(join(root, 'docs', path))),
        name,
      ).toEqual([])
    }
  })
})
