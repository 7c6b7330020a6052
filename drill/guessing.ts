import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { Agent, type IncomingMessage, request } from 'node:http'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { openApp } from '../src/app.ts'
import { Door } from '../src/auth/door.ts'
import { newSecret } from '../src/auth/secret.ts'
import { readConfig } from '../src/config.ts'
import type { Drill } from './drill.ts'
import { Server } from './server.ts'

/** So many an address before it has to wait; there is a whole network of them on this machine. */
const TRIES_PER_ADDRESS = 10
const GUESSES = 10_000
const GUESSERS = 2
const GIVE_UP_MS = 120_000
const MOST_MS = 5
const ROUNDS = 5000
const MOST_DIFFERENCE = 0.05

/**
 * Attacks S32 and S34: ten thousand random tokens from a thousand addresses all get one answer, soon; and the time that
 * a wrong token takes does not tell where it is wrong.
 */
export const guessing: Drill = async ({ report }) => {
  const guesses = await guess()
  const difference = await timing()
  report({ ...guesses, medianDifference: Math.round(difference * 1000) / 1000 })
  return (
    guesses.guesses === GUESSES && guesses.answers === 1 && guesses.medianMs <= MOST_MS && difference < MOST_DIFFERENCE
  )
}

async function guess() {
  const server = await Server.start({ TUNEBOOK_THREADS: '1' })
  try {
    const answers = new Set<string>()
    const times: number[] = []
    const deadline = performance.now() + GIVE_UP_MS
    let next = 0
    const guesser = async (): Promise<void> => {
      while (next < GUESSES / TRIES_PER_ADDRESS && performance.now() < deadline) {
        const address = next++
        const localAddress = `127.1.${Math.floor(address / 250)}.${(address % 250) + 1}`
        const agent = new Agent({ keepAlive: true, localAddress })
        for (let count = 0; count < TRIES_PER_ADDRESS; count++) {
          const started = performance.now()
          answers.add(await ask(server.url, agent))
          times.push(performance.now() - started)
        }
        agent.destroy()
      }
    }
    await Promise.all(Array.from({ length: GUESSERS }, guesser))
    return { guesses: times.length, answers: answers.size, answer: [...answers][0], medianMs: round(median(times)) }
  } finally {
    await server.victim.kill()
  }
}

async function ask(url: string, agent: Agent): Promise<string> {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${newSecret()}` }
  const asking = request(`${url}/graphql`, { method: 'POST', agent, headers })
  asking.end('{"query":"{ viewer { name } }"}')
  const [response] = (await once(asking, 'response')) as [IncomingMessage]
  let text = ''
  for await (const chunk of response) text += String(chunk)
  return `${response.statusCode} ${text.replace(/"requestId":"[\w-]+"/, '')}`
}

/** How far the medians of two wrong tokens are apart, as a fraction: one is wrong at the start, one at the end. */
async function timing(): Promise<number> {
  const home = mkdtempSync(join(tmpdir(), 'tunebook-drill-home-'))
  const adminToken = randomBytes(24).toString('hex')
  const config = { ...readConfig({ TUNEBOOK_HOME: home, TUNEBOOK_THREADS: '1' }), adminToken }
  const app = await openApp(config, pino({ level: 'silent' }))
  const door = await Door.open(app.ctx)
  const wrong = [`x${adminToken.slice(1)}`, `${adminToken.slice(0, -1)}x`]
  const times: number[][] = [[], []]
  for (let round = 0; round < ROUNDS; round++) {
    for (const which of round % 2 ? [0, 1] : [1, 0]) {
      const started = performance.now()
      await door
        .signIn({ authorization: `Bearer ${wrong[which]}`, address: `${round} ${which}`, channel: 'API' })
        .catch(() => {})
      times[which].push(performance.now() - started)
    }
  }
  door.close()
  await app.close()
  rmSync(home, { recursive: true, force: true })
  const [first, last] = times.map(median)
  return Math.abs(first - last) / Math.min(first, last)
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]
}

const round = (value: number): number => Math.round(value * 100) / 100
