/** What a block of samples costs, by measurement, and what that means for more workers than were measured. */

/** Of one block, ms; mean over the blocks of a run. */
export interface BlockCost {
  /** CPU of the worker: the engine, and packing, sending and storing around it */
  worker: number
  /** CPU of the database, all its processes */
  database: number
  /** what a worker that is alone waits for answers */
  waiting: number
}

export interface Run {
  workers: number
  /** samples of a block */
  samples: number
  /** of all workers together */
  blocksPerSecond: number
  cost: BlockCost
  /** cores that neither workers nor database kept busy */
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

const PARTS = ['worker', 'database', 'waiting'] as const

/** @param runs of one worker, with blocks of two sizes */
export function fitCosts([a, b]: readonly Run[]): Costs {
  const fixed = { worker: 0, database: 0, waiting: 0 }
  const perSample = { ...fixed }
  for (const part of PARTS) {
    perSample[part] = Math.max(0, (b.cost[part] - a.cost[part]) / (b.samples - a.samples))
    fixed[part] = Math.max(0, a.cost[part] - perSample[part] * a.samples)
  }
  return { fixed, perSample }
}

export function blockCost({ fixed, perSample }: Costs, samples: number): BlockCost {
  const [worker, database, waiting] = PARTS.map((part) => fixed[part] + samples * perSample[part])
  return { worker, database, waiting }
}

/** The machine that workers and database share. */
export interface Machine {
  cores: number
  /** cores that others keep busy: the bench that looks on, and whatever else runs */
  background: number
  /** how much longer a core takes for the same where all are busy, since two may be one that is shared; ≥ 1 */
  crowding: number
}

/**
 * Blocks a second of workers with one compute thread each: each does one block after the other, until the cores have no
 * time left.
 */
export function predict(cost: BlockCost, workers: number, { cores, background, crowding }: Machine): number {
  const left = Math.max(0.1, cores - background)
  const slower = workers < left ? 1 : crowding
  const byWorkers = workers / (slower * cost.worker + cost.waiting)
  const byCores = left / (slower * (cost.worker + cost.database))
  return 1000 * Math.min(byWorkers, byCores)
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
  /** cores of the database that are busy */
  databaseCores: number
  connections: number
  /** into the database, MB a second: what is sent, and what comes back */
  megabytes: number
  /** of the machines' time that is not the engine's */
  overhead: number
}

/** A worker computes a block with all its threads, and everything around it with one. */
export function loadOf(costs: Costs, idle: Idle, perBarSample: number, cluster: Cluster): Load {
  const { machines, threads, samples, bars, parameters } = cluster
  const { worker, waiting, database } = blockCost({ ...costs, perSample: { ...costs.perSample, worker: 0 } }, samples)
  const engine = (perBarSample * bars * samples) / threads
  const blocksPerSecond = (1000 * machines) / (engine + worker + waiting)
  return {
    blocksPerSecond,
    databaseCores: (blocksPerSecond * database + machines * idle.database) / 1000,
    connections: machines * idle.connections,
    megabytes: (blocksPerSecond * blockBytes(samples, parameters)) / 1e6,
    overhead: 1 - engine / (engine + worker + waiting),
  }
}

const METRICS = 26

/** The message carries parameters as base64, the result parameters and metrics as hexadecimal text. */
export function blockBytes(samples: number, parameters: number): number {
  return samples * (8 * parameters * (4 / 3) + 2 * 8 * (parameters + METRICS))
}
