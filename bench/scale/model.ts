/** What a block of samples costs, by measurement, and what that means for more workers than were measured. */
import { throughput } from './queueing.ts'

/** Of one block, ms; mean over the blocks of a run. */
export interface BlockCost {
  /** CPU of the worker: the engine, and packing, sending and storing around it */
  worker: number
  /** CPU of the database, all its processes */
  database: number
  /** the database's log reaches the disk; one at a time */
  log: number
  /** from block to block of one worker that is alone */
  cycle: number
}

export interface Run {
  workers: number
  /** samples of a block */
  samples: number
  /** of all workers together */
  blocksPerSecond: number
  cost: BlockCost
  /** cores that neither workers nor database kept busy: the kernel, the bench that looks on, and whatever else runs */
  background: number
  /** bytes that the database writes to its log, and transactions it commits */
  walBytes: number
  commits: number
}

/** Straight lines over the samples of a block. */
export interface Costs {
  fixed: BlockCost
  perSample: BlockCost
}

const PARTS = ['worker', 'database', 'log', 'cycle'] as const

/** @param runs of one worker, with blocks of two sizes */
export function fitCosts([a, b]: readonly Run[]): Costs {
  const fixed = { worker: 0, database: 0, log: 0, cycle: 0 }
  const perSample = { ...fixed }
  for (const part of PARTS) {
    perSample[part] = Math.max(0, (b.cost[part] - a.cost[part]) / (b.samples - a.samples))
    fixed[part] = Math.max(0, a.cost[part] - perSample[part] * a.samples)
  }
  return { fixed, perSample }
}

export function blockCost({ fixed, perSample }: Costs, samples: number): BlockCost {
  const [worker, database, log, cycle] = PARTS.map((part) => fixed[part] + samples * perSample[part])
  return { worker, database, log, cycle }
}

/** The machine that workers and database share. */
export interface Machine {
  cores: number
  /** cores that others keep busy */
  background: number
  /** how much longer a core takes for the same where all are busy, since two may be one that is shared; ≥ 1 */
  crowding: number
}

/** Steps until CPU beside the way of a block, and what it leaves, agree with each other. */
const STEPS = 50

/**
 * Blocks a second of workers with one compute thread each, each of which does one block after the other. What of the CPU
 * time a lone worker's cycle has no room for runs beside it, and takes its share of the cores all the same.
 */
export function predict(cost: BlockCost, workers: number, { cores, background, crowding }: Machine): number {
  const { worker, database, log, cycle } = cost
  const onTheWay = Math.max(0, Math.min(worker + database, cycle - log))
  const beside = worker + database - onTheWay
  const delay = Math.max(0, cycle - onTheWay - log)
  let perMs = workers / cycle
  for (let step = 0; step < STEPS; step++) {
    const busy = background + beside * perMs
    const left = Math.max(0.1, cores - busy)
    const rate = (customers: number): number => {
      const company = cores > 1 ? Math.min(1, (busy + customers - 1) / (cores - 1)) : 0
      return Math.min(customers, left) / (onTheWay * (1 + company * (crowding - 1)))
    }
    perMs = (perMs + throughput({ customers: workers, delay, rate, serial: log })) / 2
  }
  return 1000 * perMs
}

/** How the blocks of a large job are cut, and the machines it is spread over. */
export interface Cluster {
  machines: number
  /** compute threads of a machine */
  threads: number
  /** samples of a block, and bars of each */
  samples: number
  bars: number
  parameters: number
  /** of the database's own machine */
  databaseCores: number
}

/** What an open worker costs, whatever it does. */
export interface Idle {
  /** CPU of the database, ms a second */
  database: number
  connections: number
}

export interface Load {
  /** of all machines */
  blocksPerSecond: number
  /** of the machines' time that is not the engine's */
  overhead: number
  /** cores of the database that are busy */
  databaseCores: number
  /** share of the time in which its log is written to the disk */
  log: number
  connections: number
  /** into the database, MB a second: what is sent, and what comes back */
  megabytes: number
}

/** A worker computes a block with all its threads, and everything around it with one; the database has its own machine. */
export function loadOf(costs: Costs, idle: Idle, perBarSample: number, cluster: Cluster): Load {
  const { machines, threads, samples, bars, parameters } = cluster
  const { worker, cycle, database, log } = blockCost(
    { ...costs, perSample: { ...costs.perSample, worker: 0 } },
    samples,
  )
  const engine = (perBarSample * bars * samples) / threads
  const inMachine = engine + Math.max(worker, cycle - perBarSample * bars * samples - database - log)
  const left = Math.max(0.1, cluster.databaseCores - (machines * idle.database) / 1000)
  const rate = (customers: number): number => Math.min(customers, left) / database
  const perMs = throughput({ customers: machines, delay: inMachine, rate, serial: log })
  return {
    blocksPerSecond: 1000 * perMs,
    overhead: 1 - (perMs * engine) / machines,
    databaseCores: perMs * database + (machines * idle.database) / 1000,
    log: perMs * log,
    connections: machines * idle.connections,
    megabytes: (perMs * blockBytes(samples, parameters)) / 1000,
  }
}

/** max_connections where nobody has changed it, and a network of 1 Gbit/s. */
const CONNECTIONS = 100
const MEGABYTES = 117
/** From here on something waits most of the time. */
const FULL = 0.85

/** What there is too little of, and what to do about it. */
export function saturated(load: Load, databaseCores: number): string[] {
  const limits: [isFull: boolean, remedy: string][] = [
    [load.connections > CONNECTIONS, 'connections: raise `max_connections`, or a session pooler'],
    [load.megabytes > MEGABYTES, 'a network of 1 Gbit/s: a faster one'],
    [load.log > FULL, 'the log: larger blocks, a faster disk'],
    [load.databaseCores > FULL * databaseCores, "the database's cores: larger blocks, one database for each group"],
  ]
  return limits.filter(([isFull]) => isFull).map(([, remedy]) => remedy)
}

const METRICS = 26

/** The message carries parameters as base64, the result parameters and metrics as hexadecimal text. */
export function blockBytes(samples: number, parameters: number): number {
  return samples * (8 * parameters * (4 / 3) + 2 * 8 * (parameters + METRICS))
}
