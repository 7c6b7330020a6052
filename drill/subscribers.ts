import { setTimeout as wait } from 'node:timers/promises'
import type { App } from '../src/app.ts'
import { createApiToken } from '../src/auth/service.ts'
import type { AppContext } from '../src/context.ts'
import { createStrategy } from '../src/strategy/service.ts'
import { cancelTuningJob, createTuningJob, getTuningJob } from '../src/tuning/service.ts'
import { tuningJobs } from '../src/tuning/table.ts'
import { smallJob } from '../test/tuning/jobs.ts'
import { openQuiet } from './app.ts'
import { Clock, touch } from './clock.ts'
import { Cluster } from './cluster.ts'
import { Crowd } from './crowd.ts'
import type { Drill } from './drill.ts'
import { followStream, Listener } from './listener.ts'
import { ROOMY_HEAP, Server } from './server.ts'

/** Of one user; a crowd shares many tokens. */
const SOCKETS_PER_TOKEN = 20

const SLOW = {
  moment: 200,
  warmUp: 2000,
  events: 5000,
  together: 10,
  everyMs: 40,
  jobs: 50,
  parameters: 64,
  others: 4,
  bytes: 10_000,
  rssMb: 20,
  p99Ms: 200,
}
const CROWD = { sockets: 1000, events: 10, everyMs: 200, openMs: 1000, p99Ms: 250, kbEach: 60 }
const DROPS = { jobs: 100, changes: 20, mostChangeMs: 100, mostOpenMs: 400, giveUpMs: 30_000 }

/**
 * Promises R20, R21, R22: readers that stop reading cost little and miss nothing that counts, a thousand follow at once,
 * and whose connection drops finds the end of what was followed.
 */
export const subscribers: Drill = async ({ random, report }) => {
  const cluster = await Cluster.create()
  let app: App | undefined
  let server: Server | undefined
  try {
    // Nobody works, so that jobs change when the drill wants them to.
    const environment = { DATABASE_URL: cluster.url, TUNEBOOK_ROLE: 'api', TUNEBOOK_THREADS: '1', ...ROOMY_HEAP }
    app = await openQuiet(environment)
    server = await Server.start(environment)
    const slow = await slowReaders(app.ctx, server)
    const crowd = await aThousand(app.ctx, server)
    const drops = await droppedConnections(app.ctx, server, random)
    const left = await subscriptionsLeft(server)
    report({ ...slow, ...crowd, ...drops, subscriptionsLeft: left })
    return (
      slow.eventBytes >= SLOW.bytes &&
      slow.pausedRssMb <= SLOW.rssMb &&
      slow.othersP99Ms <= SLOW.p99Ms &&
      slow.missedAfterMoment === 0 &&
      slow.missedAfterLong === 0 &&
      crowd.openMs <= CROWD.openMs &&
      crowd.crowdP99Ms <= CROWD.p99Ms &&
      crowd.kbEach <= CROWD.kbEach &&
      drops.drops >= DROPS.jobs &&
      drops.missedEnds === 0 &&
      drops.wrongOrder === 0 &&
      left === 0
    )
  } finally {
    await server?.victim.kill()
    await app?.close()
    cluster.remove()
  }
}

/** R20. Readers by WebSocket and by event stream stop reading, first for a moment, then for long, while others go on. */
async function slowReaders(ctx: AppContext, server: Server) {
  const strategyId = await wideStrategy(ctx)
  const input = { ...(await smallJob(ctx)), strategyId }
  const ids: string[] = []
  for (let job = 0; job < SLOW.jobs; job++) ids.push((await createTuningJob(ctx, input)).id)
  const clock = new Clock(ctx)
  const others = await Crowd.open(
    server.url,
    Array.from({ length: SLOW.others }, () => server.authorization),
  )
  await others.follow(ANY_JOB)
  const readers = [await SlowReader.bySocket(server, ids[0]), await SlowReader.byStream(server, ids[0])]
  const change = async (events: number): Promise<number> => {
    let most = 0
    for (let event = 0; event < events; event += SLOW.together) {
      const some = Array.from({ length: SLOW.together }, (_, at) => ids[(event + at) % ids.length])
      await Promise.all([clock.change(...some), wait(SLOW.everyMs)])
      most = Math.max(most, server.rssMb)
    }
    return most
  }
  const missing = (among: string[]) => missed(ctx, readers, among)

  for (const reader of readers) reader.pause()
  await change(SLOW.moment)
  for (const reader of readers) reader.resume()
  const missedAfterMoment = await missing(ids)

  const before = await change(SLOW.warmUp)
  const [started, cpu, clientsCpu] = [performance.now(), server.cpuMs, others.cpuMs]
  for (const reader of readers) reader.pause()
  const most = await change(SLOW.events)
  const share = (ms: number) => Math.round((ms / (performance.now() - started)) * 100) / 100
  const [slowServerCores, slowClientsCores] = [share(server.cpuMs - cpu), share(others.cpuMs - clientsCpu)]
  const eventsPerSecond = Math.round((SLOW.events / (performance.now() - started)) * 1000)
  await cancelTuningJob(ctx, ids[0])
  const othersP99Ms = await clock.p99(others)
  for (const reader of readers) reader.resume()
  const missedAfterLong = await missing(ids.slice(0, 1))
  const eventBytes = await others.mostBytes()
  for (const one of [others, ...readers]) await one.close()
  return {
    eventBytes,
    pausedRssMb: Math.round(most - before),
    othersP99Ms,
    eventsPerSecond,
    slowServerCores,
    slowClientsCores,
    missedAfterMoment,
    missedAfterLong,
  }
}

/** Whose newest states the readers have not seen, after ten seconds at the latest. */
async function missed(ctx: AppContext, readers: SlowReader[], ids: string[]): Promise<number> {
  const states = await Promise.all(ids.map((id) => getTuningJob(ctx, id)))
  const missing = () => readers.flatMap(({ seen }) => states.filter((state) => seen.get(state.id) !== wordsOf(state)))
  for (let tries = 0; tries < 200 && missing().length > 0; tries++) {
    await wait(50)
    for (const reader of readers) await reader.comeBack()
  }
  return missing().length
}

const wordsOf = ({ name, status }: Record<string, unknown>): string => `${String(name)} ${String(status)}`

const SETTINGS = 'parameterSpace { name distribution low high mean standardDeviation step values default }'
const ANY_JOB = `subscription { tuningJobChanged { id name status ${SETTINGS} } }`

/** Follows all jobs and one of them; whoever pauses for too long is cut off and comes again, as clients do. */
class SlowReader {
  readonly seen = new Map<string, string>()
  readonly #connect: (reader: SlowReader) => Promise<Connection>
  #connection!: Connection

  private constructor(connect: (reader: SlowReader) => Promise<Connection>) {
    this.#connect = connect
  }

  static bySocket({ url, authorization }: Server, id: string): Promise<SlowReader> {
    return SlowReader.#opened(async (reader) => {
      const listener = await Listener.open(url, authorization)
      listener.follow('all', ANY_JOB, reader.#see)
      listener.follow('one', oneJob(id), reader.#see)
      const { socket } = listener
      return {
        pause: () => socket.pause(),
        resume: () => socket.resume(),
        isOpen: () => socket.readyState === socket.OPEN,
        close: () => socket.terminate(),
      }
    })
  }

  static byStream({ url, authorization }: Server, id: string): Promise<SlowReader> {
    return SlowReader.#opened(async (reader) => {
      const streams = [
        await followStream(url, authorization, ANY_JOB, reader.#see),
        await followStream(url, authorization, oneJob(id), reader.#see),
      ]
      return {
        pause: () => streams.forEach((stream) => stream.pause()),
        resume: () => streams.forEach((stream) => stream.resume()),
        isOpen: () => streams.every((stream) => !stream.destroyed),
        close: () => streams.forEach((stream) => stream.destroy()),
      }
    })
  }

  static async #opened(connect: (reader: SlowReader) => Promise<Connection>): Promise<SlowReader> {
    const reader = new SlowReader(connect)
    reader.#connection = await connect(reader)
    return reader
  }

  pause(): void {
    this.#connection.pause()
  }

  resume(): void {
    this.#connection.resume()
  }

  /** Where it was cut off, it connects again. */
  async comeBack(): Promise<void> {
    if (this.#connection.isOpen()) return
    this.#connection.close()
    this.#connection = await this.#connect(this)
  }

  async close(): Promise<void> {
    this.#connection.close()
  }

  readonly #see = (state: Record<string, unknown>): void => void this.seen.set(String(state.id), wordsOf(state))
}

interface Connection {
  pause(): void
  resume(): void
  isOpen(): boolean
  close(): void
}

const oneJob = (id: string): string => `subscription { tuningJobProgress(id: "${id}") { id name status } }`

/** A strategy whose jobs have a state of some 10 kB. */
async function wideStrategy(ctx: AppContext): Promise<string> {
  const names = Array.from({ length: SLOW.parameters }, (_, at) => `threshold_of_the_condition_number_${at}`)
  const row = await createStrategy(ctx, {
    name: 'wide',
    enterLong: `rsi(14) < ${names.join(' + ')}`,
    stopLoss: '0.02',
    constraints: [],
    parameterSpace: names.map((name) => ({ name, distribution: 'UNIFORM', low: 0.123456789, high: 0.987654321 })),
  })
  return row.id
}

/** R21. A thousand readers of one thing. */
async function aThousand(ctx: AppContext, server: Server) {
  const [id] = (await ctx.db.select({ id: tuningJobs.id }).from(tuningJobs).limit(1)).map((row) => row.id)
  const doors = await tokens(ctx, CROWD.sockets / SOCKETS_PER_TOKEN)
  const [before, cpu] = [server.rssMb, server.cpuMs]
  const crowd = await Crowd.open(
    server.url,
    Array.from({ length: CROWD.sockets }, (_, at) => doors[at % doors.length]),
  )
  const openCpuMs = server.cpuMs - cpu
  const clock = new Clock(ctx)
  await crowd.follow('subscription { tuningJobChanged { id name } }')
  while ((await server.metric('tunebook_subscriptions')) < CROWD.sockets) await wait(20)
  const [eventsCpu, clientsCpu] = [server.cpuMs, crowd.cpuMs]
  for (let event = 0; event < CROWD.events; event++) {
    await clock.change(id)
    await wait(CROWD.everyMs)
  }
  const crowdP99Ms = await clock.p99(crowd)
  const perEvent = (ms: number) => Math.round(ms / CROWD.events)
  const eventCpuMs = perEvent(server.cpuMs - eventsCpu)
  const clientsEventCpuMs = perEvent(crowd.cpuMs - clientsCpu)
  const kbEach = Math.round(((server.rssMb - before) * 1024) / CROWD.sockets)
  await crowd.close()
  return { openMs: Math.round(crowd.openMs), openCpuMs, crowdP99Ms, eventCpuMs, clientsEventCpuMs, kbEach }
}

/** R22. Connections drop while jobs go on to their end. */
async function droppedConnections(ctx: AppContext, server: Server, random: () => number) {
  const doors = await tokens(ctx, Math.ceil(DROPS.jobs / SOCKETS_PER_TOKEN) * 2)
  const input = await smallJob(ctx)
  let drops = 0
  let wrongOrder = 0
  const follow = async (id: string, door: string): Promise<boolean> => {
    const deadline = performance.now() + DROPS.giveUpMs
    let newest = 0
    while (performance.now() < deadline) {
      const listener = await Listener.open(server.url, door)
      const { promise: over, resolve } = Promise.withResolvers<boolean>()
      let status: unknown
      let isFirst = true
      const query = `subscription { tuningJobProgress(id: "${id}") { revision status } }`
      const onState = ({ revision, status: now }: Record<string, unknown>): void => {
        // The first state is the present one: it may be known already. Every other is newer.
        if (Number(revision) < newest || (!isFirst && Number(revision) === newest)) wrongOrder++
        newest = Number(revision)
        isFirst = false
        status = now
      }
      listener.follow('1', query, onState, () => resolve(status === 'CANCELLED'))
      const drop = setTimeout(() => resolve(false), random() * DROPS.mostOpenMs)
      const ended = await over
      clearTimeout(drop)
      listener.socket.terminate()
      if (ended) return (await getTuningJob(ctx, id)).revision === newest
      drops++
    }
    return false
  }
  const live = async (id: string): Promise<void> => {
    for (let change = 0; change < DROPS.changes; change++) {
      await wait(random() * DROPS.mostChangeMs)
      await touch(ctx, [id], `change ${change}`)
    }
    await cancelTuningJob(ctx, id)
  }
  const ids: string[] = []
  for (let job = 0; job < DROPS.jobs; job++) ids.push((await createTuningJob(ctx, input)).id)
  const followers = ids.map((id, at) => follow(id, doors[at % doors.length]))
  await Promise.all(ids.map(live))
  const saw = await Promise.all(followers)
  return { drops, missedEnds: saw.filter((each) => !each).length, wrongOrder }
}

async function subscriptionsLeft(server: Server): Promise<number> {
  await wait(1000)
  return server.metric('tunebook_subscriptions')
}

async function tokens(ctx: AppContext, count: number): Promise<string[]> {
  const made: string[] = []
  for (let at = 0; at < count; at++) {
    made.push(`Bearer ${(await createApiToken(ctx, { name: `reader ${at}`, roles: ['VIEWER'] })).secret}`)
  }
  return made
}
