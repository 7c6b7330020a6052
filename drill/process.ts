import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const CLI = fileURLToPath(new URL('../src/cli.ts', import.meta.url))

/** A process of Tunebook that a drill mistreats. */
export class Victim {
  readonly child: ChildProcess
  readonly #home: string
  #output = ''

  /** @param command serve or worker */
  constructor(command: string, environment: Record<string, string>) {
    this.#home = mkdtempSync(join(tmpdir(), 'tunebook-drill-home-'))
    this.child = spawn(process.execPath, [CLI, command], {
      env: { PATH: process.env.PATH, TUNEBOOK_HOME: this.#home, LOG_LEVEL: 'warn', ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    for (const stream of [this.child.stdout!, this.child.stderr!]) stream.on('data', (part) => (this.#output += part))
    this.child.once('close', () => rmSync(this.#home, { recursive: true, force: true }))
  }

  /** Wait until it says that it has started. @returns what it printed */
  async started(): Promise<string> {
    while (!this.#output.includes('Database ')) {
      if (this.child.exitCode !== null) throw new Error(`It did not start:\n${this.#output}`)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    return this.#output
  }

  /** @returns its exit code; null where a signal ended it */
  async ended(): Promise<number | null> {
    if (this.isAlive) await once(this.child, 'close')
    return this.child.exitCode
  }

  get output(): string {
    return this.#output
  }

  get isAlive(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal)
  }

  async kill(): Promise<void> {
    if (!this.isAlive) return
    const closed = once(this.child, 'close')
    this.child.kill('SIGKILL')
    await closed
  }
}

/** A clock that all processes of a machine share, ms. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6
}

/** Environment of a process whose clock is off. */
export function shifted(shiftMs: number): Record<string, string> {
  const script = fileURLToPath(new URL('shifted-clock.ts', import.meta.url))
  return { NODE_OPTIONS: `--import ${script}`, DRILL_CLOCK_SHIFT_MS: String(shiftMs) }
}
