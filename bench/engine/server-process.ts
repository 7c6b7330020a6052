/** A server of its own in a process of its own, with two markets of minutes to tune on. */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { pino } from 'pino'
import { openApp } from '../../src/app.ts'
import { readConfig } from '../../src/config.ts'
import { checkMarketName } from '../../src/market/name.ts'
import { createSyntheticMarket, storeCandles } from '../../src/market/service.ts'
import { readAdminToken } from '../../src/server/admin-token.ts'
import { readCandles, shared } from '../../test/shared.ts'
import { synthetic } from './data.ts'

const REAL = 'binance-BTCUSDT-1m-20250520-20250818.csv.gz'
/** 90 days, as the real file has. */
const SHORT_BARS = 129_600
/** Eight months and a day: what maximum.json asks for. */
const LONG_BARS = 241 * 1440

/** Unit of /proc: 100 a second on every Linux that Node runs on. */
const TICK_MS = 10

export interface MarketName {
  exchange: string
  symbol: string
  timeframe: string
}

export class BenchServer implements AsyncDisposable {
  readonly home = mkdtempSync(join(tmpdir(), 'tunebook-bench-'))
  /** 90 days, real where the shared folder is there; and eight months, made */
  readonly short: MarketName = { exchange: 'binance', symbol: 'BTC/USDT', timeframe: '1m' }
  readonly long: MarketName = { exchange: 'synthetic', symbol: 'BENCH/USDT', timeframe: '1m' }
  readonly shortIsReal = existsSync(`${shared}data/${REAL}`)
  #process: ChildProcess | null = null
  #url = ''

  get url(): string {
    return this.#url
  }

  /** Write both markets into an embedded database. */
  async prepare(): Promise<void> {
    const app = await openApp(readConfig({ TUNEBOOK_HOME: this.home }), pino({ level: 'silent' }))
    const candles = this.shortIsReal ? readCandles(REAL) : synthetic(SHORT_BARS, 3)
    await storeCandles(app.ctx, checkMarketName(this.short), candles)
    const { symbol, timeframe } = this.long
    await createSyntheticMarket(app.ctx, {
      symbol,
      timeframe,
      bars: LONG_BARS,
      from: Date.UTC(2024, 0, 1),
      edge: 1,
      seed: 4,
    })
    await app.close()
  }

  /** @returns ms from the start of the process until it says that it is ready, and until its first answer */
  async start(): Promise<{ readyMs: number; answerMs: number }> {
    const port = await freePort()
    this.#url = `http://127.0.0.1:${port}`
    const cli = fileURLToPath(new URL('../../src/cli.ts', import.meta.url))
    const begin = performance.now()
    this.#process = spawn(process.execPath, [cli, 'serve'], {
      env: {
        ...process.env,
        TUNEBOOK_HOME: this.home,
        PORT: String(port),
        HOST: '127.0.0.1',
        DATABASE_URL: '',
        LOG_LEVEL: 'silent',
      },
      stdio: 'ignore',
    })
    const readyMs = await this.#untilReady(begin)
    await this.ask('{ __typename }')
    return { readyMs, answerMs: performance.now() - begin }
  }

  async ask(query: string, variables: Record<string, unknown> = {}): Promise<Response> {
    return fetch(`${this.#url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${readAdminToken(this.home)}` },
      body: JSON.stringify({ query, variables }),
    })
  }

  /** CPU ms of the server so far, all threads; NaN where the system does not tell. */
  get cpuMs(): number {
    const file = `/proc/${this.#process?.pid}/stat`
    if (!existsSync(file)) return NaN
    const fields = readFileSync(file, 'utf8').split(') ')[1].split(' ')
    return (Number(fields[11]) + Number(fields[12])) * TICK_MS
  }

  async stop(): Promise<void> {
    const process = this.#process
    if (!process || process.exitCode !== null) return
    const ended = new Promise((resolve) => process.once('exit', resolve))
    process.kill('SIGTERM')
    await ended
    this.#process = null
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
    rmSync(this.home, { recursive: true, force: true })
  }

  async #untilReady(begin: number): Promise<number> {
    for (;;) {
      if (this.#process!.exitCode !== null) throw new Error(`The server ended with code ${this.#process!.exitCode}.`)
      const answer = await fetch(`${this.#url}/health/ready`).catch(() => null)
      if (answer?.ok) return performance.now() - begin
      if (performance.now() - begin > 60_000) throw new Error('The server was not ready within a minute.')
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }
}

async function freePort(): Promise<number> {
  const probe = createServer()
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve))
  const { port } = probe.address() as AddressInfo
  await new Promise((resolve) => probe.close(resolve))
  return port
}
