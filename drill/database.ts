import { createConnection, createServer, type Server as TcpServer, type Socket } from 'node:net'
import type { AddressInfo } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { Cluster } from './cluster.ts'
import type { Drill } from './drill.ts'
import { FollowedJobs } from './followed-jobs.ts'
import { Server } from './server.ts'

const RESTARTS = 3
const WRITERS = 20
const UP_MS = 3000
const DOWN_MS = 2000
const QUIET_MS = 15_000

/**
 * Promises R6 and R7: PostgreSQL crashes three times under twenty writers and jobs that five clients follow, then its
 * connections fall silent. Nothing that was answered is lost, no call hangs, jobs end with the bits of an undisturbed
 * run, their followers hear of it, and soon after it is back everything is as before.
 */
export const database: Drill = async ({ report }) => {
  const cluster = await Cluster.create()
  const wire = await Wire.to(Number(new URL(cluster.url).port))
  let server: Server | undefined
  try {
    const url = new URL(cluster.url)
    url.port = String(wire.port)
    server = await Server.start({ DATABASE_URL: url.toString(), TUNEBOOK_THREADS: '1' })
    const jobs = await FollowedJobs.start(cluster, server)
    const restarts = await crashes(cluster, server)
    const followed = await jobs.outcome()
    const silence = await silent(wire, server)
    const alive = server.victim.isAlive
    report({ ...restarts, ...followed, ...silence, serverAlive: alive })
    return (
      alive &&
      restarts.lost === 0 &&
      restarts.slowestWhileDownMs <= 5000 &&
      restarts.slowestRecoveryMs <= 3000 &&
      restarts.otherCodes.length === 0 &&
      followed.jobsLost === 0 &&
      followed.otherBits === 0 &&
      followed.endsMissed === 0 &&
      silence.slowestWhileSilentMs <= 10_500 &&
      silence.healedMs <= 10_000
    )
  } finally {
    await server?.victim.kill()
    wire.close()
    cluster.remove()
  }
}

async function crashes(cluster: Cluster, server: Server) {
  const answered: string[] = []
  const codes = new Map<string | undefined, number>()
  const recoveries: number[] = []
  const stop = new AbortController()
  let slowest = 0
  const writers = Array.from({ length: WRITERS }, async (_, writer) => {
    for (let number = 0; !stop.signal.aborted && server.victim.isAlive; number++) {
      const { answer, id } = await server.write(`drill-${writer}-${number}`)
      if (id) answered.push(id)
      else codes.set(answer.code, (codes.get(answer.code) ?? 0) + 1)
      slowest = Math.max(slowest, answer.ms)
      await wait(20)
    }
  })
  try {
    for (let restart = 0; restart < RESTARTS; restart++) {
      await wait(UP_MS)
      await cluster.crash()
      await wait(DOWN_MS)
      await cluster.start()
      recoveries.push(await untilWritten(server, `again-${restart}`))
    }
  } finally {
    stop.abort()
    await Promise.all(writers)
  }
  let lost = 0
  for (const id of answered) {
    const { data } = await server.ask('query ($id: ID!) { strategy(id: $id) { id } }', { id })
    if (!data?.strategy) lost++
  }
  return {
    writes: answered.length,
    refused: [...codes.values()].reduce((sum, times) => sum + times, 0),
    lost,
    slowestWhileDownMs: Math.round(slowest),
    slowestRecoveryMs: Math.round(Math.max(...recoveries)),
    otherCodes: [...codes.keys()].filter((code) => code !== 'SERVICE_UNAVAILABLE'),
  }
}

/** Try to write until it works, for half a minute. @returns ms; a server that is gone ends the drill instead */
async function untilWritten(server: Server, name: string): Promise<number> {
  const started = performance.now()
  const elapsed = (): number => performance.now() - started
  while (!(await server.write(`${name}-${performance.now()}`)).id && elapsed() < 30_000) {
    if (!server.victim.isAlive) throw new Error(`The server is gone:\n${server.victim.output.slice(-2000)}`)
    await wait(20)
  }
  return elapsed()
}

/** Connections that are open, and never answer again. */
async function silent(wire: Wire, server: Server) {
  wire.swallow(true)
  const answers = await Promise.all(Array.from({ length: 5 }, (_, at) => server.write(`silent-${at}`)))
  const slowest = Math.max(...answers.map(({ answer }) => answer.ms))
  await wait(Math.max(0, QUIET_MS - slowest))
  wire.swallow(false)
  const healedMs = await untilWritten(server, 'healed')
  return {
    slowestWhileSilentMs: Math.round(slowest),
    codesWhileSilent: [...new Set(answers.map(({ answer }) => answer.code))],
    healedMs: Math.round(healedMs),
  }
}

/** A wire to the database that can swallow what goes through it. */
class Wire {
  readonly #server: TcpServer
  readonly #sockets = new Set<Socket>()
  #swallowing = false

  private constructor(target: number) {
    this.#server = createServer((near) => {
      const far = createConnection(target, '127.0.0.1')
      for (const [from, to] of [
        [near, far],
        [far, near],
      ]) {
        this.#sockets.add(from)
        from.on('data', (bytes) => void (this.#swallowing || to.write(bytes)))
        from.on('error', () => to.destroy())
        from.on('close', () => {
          this.#sockets.delete(from)
          to.destroy()
        })
      }
    })
  }

  static async to(target: number): Promise<Wire> {
    const wire = new Wire(target)
    await new Promise<void>((resolve) => wire.#server.listen(0, '127.0.0.1', resolve))
    return wire
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** What was swallowed is gone, so these connections are of no use afterwards: they are cut. */
  swallow(on: boolean): void {
    this.#swallowing = on
    if (!on) for (const socket of this.#sockets) socket.destroy()
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
  }
}
