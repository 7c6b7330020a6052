import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { cpuMs } from './server.ts'

const CLIENTS = fileURLToPath(new URL('crowd-clients.ts', import.meta.url))

/** The id and the name of a job as a client was told, and when; ms of the clock that all processes share. */
export type Heard = [id: string, name: string, atMs: number]

/** What the process of the clients is told to do. */
export interface Command {
  open: { port: number; authorizations: string[] }
  follow: { query: string }
  heard: object
  mostBytes: object
  close: object
}

/** Clients in a process of their own that all follow the same. */
export class Crowd {
  readonly #clients: ChildProcess
  readonly #ended: Promise<never>
  /** from the first connection to the last sign-in */
  openMs = NaN

  readonly size: number

  private constructor(size: number) {
    this.size = size
    this.#clients = fork(CLIENTS)
    this.#ended = once(this.#clients, 'exit').then(() => Promise.reject(new Error('The clients have died.')))
    this.#ended.catch(() => {})
  }

  /** @param authorizations one for each client */
  static async open(url: string, authorizations: string[]): Promise<Crowd> {
    const crowd = new Crowd(authorizations.length)
    crowd.openMs = (await crowd.#ask('open', { port: Number(new URL(url).port), authorizations })) as number
    return crowd
  }

  async follow(query: string): Promise<void> {
    await this.#ask('follow', { query })
  }

  /** What each client has heard so far, in the order in which it came. */
  async heard(): Promise<Heard[][]> {
    return (await this.#ask('heard', {})) as Heard[][]
  }

  /** The largest message so far. */
  async mostBytes(): Promise<number> {
    return (await this.#ask('mostBytes', {})) as number
  }

  /** What the clients have computed so far, in ms. */
  get cpuMs(): number {
    return cpuMs(this.#clients.pid!)
  }

  async close(): Promise<void> {
    if (this.#clients.exitCode !== null) return
    const ended = once(this.#clients, 'exit')
    this.#clients.send({ name: 'close', input: {} })
    await ended
  }

  /** One question at a time. */
  async #ask<Name extends keyof Command>(name: Name, input: Command[Name]): Promise<unknown> {
    this.#clients.send({ name, input })
    const [answer] = (await Promise.race([once(this.#clients, 'message'), this.#ended])) as [unknown]
    return answer
  }
}
