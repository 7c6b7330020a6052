import { fork, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { print } from '../src/cli/output.ts'
import type { DrillTools } from './drill.ts'
import { ATTACKS } from '../test/security/documents.ts'

/*
 * npm run drill -- abuse: knock at a listening server in every rude way we know, print what it answers, and how long
 * another client had to wait meanwhile. The server is a process of its own, so that our own work delays nobody.
 */

const MOST_STALL_MS = 200

interface Blow {
  name: string
  body: string | Uint8Array<ArrayBuffer>
  headers?: Record<string, string>
  expected: readonly number[]
}

/** Whoever strikes is signed in: what comes from nobody is not even read. */
const TOKEN = `drill-${randomBytes(24).toString('hex')}`

const JSON_TYPE = {
  'content-type': 'application/json',
  accept: 'application/graphql-response+json',
  authorization: `Bearer ${TOKEN}`,
}

const documents: readonly Blow[] = ATTACKS.map(({ name, query, variables = '{}', status }) => ({
  name,
  body: `{"query":${JSON.stringify(query)},"variables":${variables}}`,
  expected: [status],
}))

const bodies: readonly Blow[] = [
  { name: 'S3 23 MB of aliases', body: megabytes(23, (i) => `a${i}:__typename `), expected: [413] },
  { name: 'S5 16 MB of unknown directives', body: megabytes(16, () => '@aa '), expected: [413] },
  { name: 'S8 a body of 100 MB', body: new Uint8Array(100e6).fill(32), expected: [413] },
  { name: 'S8 a compressed body', body: '{}', headers: { 'content-encoding': 'gzip' }, expected: [415] },
  { name: 'S9 a million lists in the body', body: '['.repeat(1_000_000), expected: [400] },
  { name: 'S10 a batch of ten', body: `[${Array(10).fill('{"query":"{__typename}"}').join(',')}]`, expected: [400] },
  { name: 'S12 a name that is nearly right', body: '{"query":"{ marketss { totalCount } }"}', expected: [400] },
  { name: 'S13 a bad name of 900 kB', body: `{"query":"{ ${'a'.repeat(900_000)} }"}`, expected: [400] },
  { name: 'S13 invalid JSON of 130 kB', body: `{"query":"${'x'.repeat(130_000)}`, expected: [400] },
  {
    name: 'S16 a form',
    body: 'query={__typename}',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    expected: [415],
  },
  {
    name: 'S17 a foreign page',
    body: '{"query":"{__typename}"}',
    headers: { origin: 'https://evil.example' },
    expected: [403],
  },
]

function megabytes(count: number, piece: (index: number) => string): string {
  const pieces: string[] = []
  for (let bytes = 0, i = 0; bytes < count * 1e6; i++) bytes += pieces[pieces.push(piece(i)) - 1].length
  return `{"query":"{ ${pieces.join('')} }"}`
}

/** The longest that another client waited since this was last asked, in ms. */
async function worstOf(bystander: ChildProcess): Promise<number> {
  const answer = once(bystander, 'message')
  bystander.send('?')
  return Number((await answer)[0])
}

async function strike(url: string, bystander: ChildProcess, blow: Blow): Promise<boolean> {
  const { name, body, headers, expected } = blow
  await worstOf(bystander)
  const started = performance.now()
  // A server that has heard enough may close while we are still sending: that is an answer too.
  const answer = await fetch(`${url}/graphql`, { method: 'POST', headers: { ...JSON_TYPE, ...headers }, body }).catch(
    () => null,
  )
  const text = (await answer?.text()) ?? ''
  const ms = performance.now() - started
  await sleep(50)
  const stall = await worstOf(bystander)
  const status = answer?.status ?? 413
  const good = expected.includes(status) && stall < MOST_STALL_MS && text.length <= 2048
  const code = /"code":"(\w+)"/.exec(text)?.[1] ?? (answer ? '' : 'closed')
  const figures = [`${ms.toFixed(0)} ms`, `${text.length} B`, `${stall.toFixed(0)} ms`]
  print(
    [
      good ? 'ok ' : 'BAD',
      name.padEnd(46),
      String(status),
      code.padEnd(24),
      ...figures.map((figure) => figure.padStart(9)),
    ].join(' '),
  )
  worstStall = Math.max(worstStall, stall)
  return good
}

let worstStall = 0

/** @returns whether every blow got its answer, nobody waited long, and the server is still there */
export async function abuse({ report }: DrillTools): Promise<boolean> {
  const child = fork(fileURLToPath(new URL('victim.ts', import.meta.url)), {
    stdio: 'inherit',
    env: { ...process.env, TUNEBOOK_ADMIN_TOKEN: TOKEN },
  })
  const url = await new Promise<string>((resolve, reject) => {
    child.once('message', (message) => resolve(message as string))
    child.once('exit', (code) => reject(new Error(`The server ended with ${code} before it listened.`)))
  })
  print(['   ', 'attack'.padEnd(46), '   ', 'answer'.padEnd(24), '   answer', '   length', '    stall'].join(' '))
  await fetch(`${url}/graphql`, { method: 'POST', headers: JSON_TYPE, body: '{"query":"{ nothing }"}' }) // the first one is slow
  const bystander = fork(fileURLToPath(new URL('bystander.ts', import.meta.url)), [url], { stdio: 'inherit' })
  await sleep(1000)
  let bad = 0
  for (const blow of [...documents, ...bodies]) if (!(await strike(url, bystander, blow))) bad++
  const alive = (await fetch(`${url}/health/ready`)).ok && child.exitCode === null
  print(
    `\n${documents.length + bodies.length} attacks, ${bad} with a wrong answer; the worst stall of another client was ${worstStall.toFixed(0)} ms (at most ${MOST_STALL_MS}); the server ${alive ? 'is ready' : 'is gone'}.`,
  )
  bystander.disconnect()
  child.send('stop')
  await new Promise((resolve) => child.once('exit', resolve))
  report({ attacks: documents.length + bodies.length, bad, worstStallMs: Math.round(worstStall), alive })
  return bad === 0 && alive
}
