import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { Victim } from './process.ts'

export interface Answer {
  status: number
  /** of the first error; undefined where there is none */
  code: string | undefined
  data: Record<string, unknown> | null
  ms: number
}

/** Of Linux, whatever the kernel's own clock. */
const MS_PER_TICK = 10

/** A heap that is cleaned often, so that what grows is not merely waiting to be cleaned. */
export const SMALL_HEAP = { NODE_OPTIONS: '--max-old-space-size=160' }
/** With room for what a drill does, so that its times are not those of cleaning. */
export const ROOMY_HEAP = { NODE_OPTIONS: '--max-old-space-size=320' }

/** A served Tunebook that a drill asks things while it is mistreated. */
export class Server {
  readonly victim: Victim
  readonly url: string
  /** what the administrator shows at the door */
  readonly authorization: string

  private constructor(victim: Victim, token: string, url: string) {
    this.victim = victim
    this.url = url
    this.authorization = `Bearer ${token}`
  }

  static async start(environment: Record<string, string>): Promise<Server> {
    const token = `drill-${randomBytes(24).toString('hex')}`
    const victim = new Victim('serve', { PORT: '0', TUNEBOOK_ADMIN_TOKEN: token, ...environment })
    const [, url] = /(http:\/\/127\.0\.0\.1:\d+)/.exec(await victim.started())!
    return new Server(victim, token, url)
  }

  /** Resident memory of its process, in MB. */
  get rssMb(): number {
    return rssMb(this.victim.child.pid!)
  }

  /** What its process has computed so far, in ms: on a shared machine it says more than a clock. */
  get cpuMs(): number {
    return cpuMs(this.victim.child.pid!)
  }

  /** One figure of /metrics. */
  async metric(name: string): Promise<number> {
    const response = await fetch(`${this.url}/metrics`, { headers: { authorization: this.authorization } })
    const [, value] = new RegExp(`^${name} (\\S+)$`, 'm').exec(await response.text())!
    return Number(value)
  }

  /**
   * Never throws: a connection that is refused is an answer with the status 0.
   *
   * @param authorization of somebody else than the administrator
   */
  async ask(query: string, variables: object = {}, authorization = this.authorization): Promise<Answer> {
    const started = performance.now()
    try {
      const response = await fetch(`${this.url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization },
        body: JSON.stringify({ query, variables }),
        signal: AbortSignal.timeout(60_000),
      })
      const { data, errors } = (await response.json()) as {
        data: Record<string, unknown> | null
        errors?: { extensions: { code: string } }[]
      }
      return { status: response.status, code: errors?.[0].extensions.code, data, ms: performance.now() - started }
    } catch (error) {
      return { status: 0, code: String(error), data: null, ms: performance.now() - started }
    }
  }

  /** A small write. @returns the id that was answered; undefined where it was not */
  async write(name: string): Promise<{ answer: Answer; id: string | undefined }> {
    const mutation = `mutation ($input: StrategyInput!) {
      createStrategy(input: $input) { ... on CreateStrategySuccess { strategy { id } } ... on Error { message } }
    }`
    const input = {
      name,
      enterLong: 'rsi(14) < oversold',
      stopLoss: '0.02',
      parameterSpace: [{ name: 'oversold', low: 10, high: 40 }],
    }
    const answer = await this.ask(mutation, { input })
    const done = answer.data?.createStrategy as { strategy?: { id: string }; message?: string } | undefined
    if (done?.message) throw new Error(`The drill itself is wrong: ${done.message}`)
    return { answer, id: done?.strategy?.id }
  }
}

/** What a process has computed so far, in ms. */
export function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ')
  return (Number(fields[11]) + Number(fields[12])) * MS_PER_TICK
}

/** Resident memory of a process, in MB. */
export function rssMb(pid: number): number {
  const [, kilobytes] = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))!
  return Number(kilobytes) / 1024
}
