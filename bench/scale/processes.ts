/** CPU time of processes, as the kernel counts it. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Unit of /proc: 100 a second on every Linux that Node runs on. */
const TICK_MS = 10
/** Places of the fields behind the name of the process. */
const PARENT = 1
const OWN = [11, 12]
const OF_ENDED_CHILDREN = [13, 14]

function fieldsOf(pid: number | string): number[] | null {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ').map(Number)
  } catch {
    return null // it has ended
  }
}

function ticks(fields: readonly number[] | null, places: readonly number[]): number {
  return TICK_MS * places.reduce((sum, place) => sum + (fields?.[place] ?? 0), 0)
}

/** ms, all threads */
export function cpuOf(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + ticks(fieldsOf(pid), OWN), 0)
}

/** ms of a PostgreSQL server and all its processes, those that have ended too. @param folder of its data */
export function cpuOfServer(folder: string): number {
  const server = Number(readFileSync(join(folder, 'postmaster.pid'), 'utf8').split('\n', 1)[0])
  const children = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => fieldsOf(pid))
    .filter((fields) => fields?.[PARENT] === server)
  return (
    ticks(fieldsOf(server), [...OWN, ...OF_ENDED_CHILDREN]) +
    children.reduce((sum, fields) => sum + ticks(fields, OWN), 0)
  )
}

/** Places in the first line of /proc/stat: user, nice, system, and behind idle and iowait irq, softirq, steal. */
const BUSY = [1, 2, 3, 6, 7, 8]

/** ms that all cores together were busy, or not there for us, since the start of the machine. */
export function cpuOfAll(): number {
  const fields = readFileSync('/proc/stat', 'utf8').split('\n', 1)[0].split(/\s+/).map(Number)
  return ticks(fields, BUSY)
}
