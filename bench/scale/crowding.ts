/** How much longer a core takes for the same work where all cores have it: two that the system counts may share one. */
import { once } from 'node:events'
import { connect, createServer, type AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { isMainThread, Worker } from 'node:worker_threads'
import { median } from '../engine/clock.ts'

/** Of one thread and round: about half a second. */
const BLOCKS = 400
const ROUNDS = 5
/** Of a block of 100 samples, about what its message and its result hold. */
const NUMBERS = 3200

/**
 * What packing and asking take, memory and system calls rather than arithmetic: numbers become text, go through a
 * connection of this machine, come back and become numbers again.
 */
async function packAndAsk(): Promise<void> {
  const server = createServer((socket) => socket.pipe(socket))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  const numbers = Float64Array.from({ length: NUMBERS }, (_, at) => Math.sqrt(at))
  for (let block = 0; block < BLOCKS; block++) {
    const text = Buffer.from(numbers.slice().buffer).toString('hex')
    let missing = text.length
    const parts: Buffer[] = []
    const answer = new Promise<void>((resolve) => {
      const take = (part: Buffer): void => {
        parts.push(part)
        missing -= part.length
        if (missing > 0) return
        socket.off('data', take)
        resolve()
      }
      socket.on('data', take)
    })
    socket.write(text)
    await answer
    numbers.set(new Float64Array(Uint8Array.from(Buffer.from(Buffer.concat(parts).toString(), 'hex')).buffer))
  }
  socket.destroy()
  server.close()
}

/** CPU time of the same packing and asking where all cores do it at once, as a multiple of that of one alone; ≥ 1. */
export async function crowding(cores: number): Promise<number> {
  await cpuPerThread(cores) // code that is new is slow
  const alone: number[] = []
  const together: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    alone.push(await cpuPerThread(1))
    together.push(await cpuPerThread(cores))
  }
  return Math.max(1, median(together) / median(alone))
}

async function cpuPerThread(threads: number): Promise<number> {
  const begin = process.cpuUsage()
  const workers = Array.from({ length: threads }, () => new Worker(fileURLToPath(import.meta.url)))
  await Promise.all(workers.map((worker) => once(worker, 'exit')))
  const { user, system } = process.cpuUsage(begin)
  return (user + system) / threads
}

if (!isMainThread) await packAndAsk()
