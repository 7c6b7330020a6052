import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import postgres from 'postgres'

const BINARIES = '/usr/lib/postgresql'
/** A server that is started keeps the pipes of its parent open. */
const QUIET = { stdio: 'ignore', cwd: tmpdir() } as const

interface Placement {
  bin: string
  data: string
  port: number
  walMb: number
}

/** A PostgreSQL of our own, in a folder of its own, on a free port of this machine. */
export class Cluster {
  readonly url: string
  readonly #bin: string
  readonly #data: string
  readonly #port: number
  readonly #walMb: number
  readonly #cleanUp: () => void

  private constructor({ bin, data, port, walMb }: Placement, cleanUp: () => void) {
    this.#bin = bin
    this.#data = data
    this.#port = port
    this.#walMb = walMb
    this.#cleanUp = cleanUp
    this.url = `postgres://postgres@127.0.0.1:${port}/postgres`
  }

  /**
   * @param tmpfsMb a disk of that size, in memory; it needs root
   * @param walMb   how far its log may grow before it is tidied up
   */
  static async create({ tmpfsMb, walMb = 32 }: { tmpfsMb?: number; walMb?: number } = {}): Promise<Cluster> {
    const bin = newestBinaries()
    const folder = mkdtempSync(join(tmpdir(), 'tunebook-drill-'))
    if (tmpfsMb) execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${tmpfsMb}m`, 'tmpfs', folder])
    const data = join(folder, 'data')
    mkdirSync(data)
    if (isRoot()) execFileSync('chown', ['-R', 'postgres', folder])
    const cluster = new Cluster({ bin, data, port: await freePort(), walMb }, () => {
      if (tmpfsMb) execFileSync('umount', ['-l', folder])
      rmSync(folder, { recursive: true, force: true })
    })
    await cluster.#run('initdb', '-D', data, '-U', 'postgres', '-A', 'trust')
    await cluster.start()
    return cluster
  }

  async start(): Promise<void> {
    const options = `-p ${this.#port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c max_wal_size=${this.#walMb}MB -c min_wal_size=32MB`
    await this.#run('pg_ctl', '-D', this.#data, '-w', '-l', join(this.#data, 'log'), '-o', options, 'start')
    await this.#checkOwn()
  }

  /** As after a crash: nothing is finished, nothing is written down. */
  async crash(): Promise<void> {
    await this.#checkOwn()
    await this.#run('pg_ctl', '-D', this.#data, '-m', 'immediate', 'stop')
  }

  /** The folder of its data, for a drill that fills the disk. */
  get folder(): string {
    return this.#data
  }

  remove(): void {
    try {
      execFileSync(...this.#command('pg_ctl', '-D', this.#data, '-m', 'immediate', 'stop'), QUIET)
    } catch {
      // it is down already
    }
    this.#cleanUp()
  }

  /** Before anything is destroyed: is it really ours? */
  async #checkOwn(): Promise<void> {
    const client = postgres(this.url, { max: 1, connect_timeout: 5 })
    try {
      const [{ data_directory: folder }] = await client`show data_directory`
      if (folder !== this.#data) throw new Error(`${folder} is not ours: nothing was touched`)
    } finally {
      await client.end()
    }
  }

  /** The drill goes on meanwhile: what it measures, and carries to the database, must not stand still. */
  async #run(program: string, ...args: string[]): Promise<void> {
    const [code] = (await once(spawn(...this.#command(program, ...args), QUIET), 'exit')) as [number | null]
    if (code !== 0) throw new Error(`${program} ended with ${code}`)
  }

  #command(program: string, ...args: string[]): [file: string, args: string[]] {
    const command = join(this.#bin, program)
    if (!isRoot()) return [command, args]
    return ['setpriv', ['--reuid', 'postgres', '--regid', 'postgres', '--clear-groups', command, ...args]]
  }
}

function newestBinaries(): string {
  const [newest] = readdirSync(BINARIES).toSorted((a, b) => Number(b) - Number(a))
  return join(BINARIES, newest, 'bin')
}

function isRoot(): boolean {
  return process.getuid?.() === 0
}

function freePort(): Promise<number> {
  const server = createServer()
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })
}
