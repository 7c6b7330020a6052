import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { syntheticCandles } from '../../src/market/synthetic.ts'

const CLI = fileURLToPath(new URL('../../src/cli.ts', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'tunebook-cli-'))
const home = join(folder, 'home')
afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface Ended {
  code: number | null
  stdout: string
  stderr: string
}

const running = new Set<ChildProcess>()
afterAll(() => running.forEach((child) => child.kill('SIGKILL')))

/** Start the command line as a process of its own. */
function start(args: string[], environment: NodeJS.ProcessEnv = {}): { child: ChildProcess; ended: Promise<Ended> } {
  const { PATH, NODE_COMPILE_CACHE } = process.env
  const env = { PATH, NODE_COMPILE_CACHE, TUNEBOOK_HOME: home, TUNEBOOK_THREADS: '2', ...environment }
  const child = spawn(process.execPath, [CLI, ...args], { cwd: folder, env })
  running.add(child)
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk) => (stdout += chunk))
  child.stderr.on('data', (chunk) => (stderr += chunk))
  const ended = new Promise<Ended>((resolve) =>
    child.on('close', (code) => {
      running.delete(child)
      resolve({ code, stdout, stderr })
    }),
  )
  return { child, ended }
}

function run(...args: string[]): Promise<Ended> {
  return start(args).ended
}

function write(name: string, content: unknown): string {
  writeFileSync(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content))
  return name
}

/** One problem, said in a few lines, without a stack. */
function expectRefusal({ code, stdout, stderr }: Ended, exitCode: number, ...parts: (string | RegExp)[]): void {
  for (const part of parts) expect(stderr).toMatch(part)
  expect(stderr).not.toMatch(/\n\s+at /)
  expect(stdout).toBe('')
  expect(code).toBe(exitCode)
}

/** 30 days with an edge, so that there is something to learn. */
function candles(): string {
  const from = Date.UTC(2025, 0, 1)
  const columns = syntheticCandles({ seed: 3, bars: 30 * 288, timeframe: '5m', from, edge: 1 })
  const names = ['openTime', 'open', 'high', 'low', 'close', 'volume'] as const
  const rows = Array.from(columns.openTime, (_, bar) => names.map((name) => columns[name][bar]).join(','))
  return ['open_time,open,high,low,close,volume', ...rows].join('\n')
}

const JOB = {
  strategy: 'rsi-adx-volume',
  market: { exchange: 'binance', symbol: 'BTC/USDT', timeframe: '5m' },
  training: '20 days',
  test: '10 days',
  sampleCount: 40,
  seed: 1,
  objective: 'ROI',
  algorithm: 'RANDOM_FOREST',
  hyperparameters: { nEstimators: 10 },
  riskLimits: { minTrades: 1 },
}

write('job.json', JOB)

describe('the command line', () => {
  test('explains itself', async () => {
    const { code, stdout } = await run('--help')
    expect(code).toBe(0)
    for (const command of ['serve', 'tune', 'backtest', 'import', 'demo', 'migrate']) expect(stdout).toContain(command)
    expect((await run('--version')).stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
  })

  test('ends with 2 when it is used wrongly, and says how', async () => {
    write('list.json', '[]')
    write('broken.json', '{\n  "strategy": "rsi-adx-volume",\n  "seed": 1,\n}')
    const cases: [args: string[], ...parts: RegExp[]][] = [
      [['tun'], /unknown command 'tun'/, /Did you mean tune/],
      [['tune'], /missing required argument 'file'/],
      [['import', 'x.csv'], /--symbol/],
      [['tune', 'nowhere.json'], /^There is no file \/.*\/nowhere\.json\. Give its path/],
      [['tune', '.'], /\. is a folder/],
      [['tune', 'list.json'], /list\.json: a JSON object is expected/],
      [['tune', 'broken.json'], /broken\.json:4:1: not JSON: a name in double quotes expected here\.\n$/],
      [['--url', 'nowhere', 'tune', 'job.json'], /--url nowhere is not an address/],
    ]
    await Promise.all(cases.map(async ([args, ...parts]) => expectRefusal(await run(...args), 2, ...parts)))
  })

  test('says when no Tunebook answers', async () => {
    const other = createServer((_, response) => response.end('hello')).listen(0, '127.0.0.1')
    await once(other, 'listening')
    const { port } = other.address() as AddressInfo
    expectRefusal(
      await run('tune', 'job.json', '--url', `http://127.0.0.1:${port}`),
      1,
      'but not as a Tunebook server does',
    )
    other.close()
    await once(other, 'close')
    expectRefusal(
      await run('tune', 'job.json', '--url', `http://127.0.0.1:${port}`),
      1,
      /No server answers .*ECONNREFUSED/,
    )
  })

  test('prints the schema without opening a database', async () => {
    const { code, stdout } = await run('print-schema')
    expect(code).toBe(0)
    expect(stdout).toContain('type TuningJob implements Node')
    expect(existsSync(home)).toBe(false)
  })

  test('refuses bad settings all at once', async () => {
    const { ended } = start(['serve'], { PORT: 'http', HOST: 'http://x', TUNEBOOK_ADMIN_TOKEN: 'secret' })
    expectRefusal(
      await ended,
      1,
      /PORT: "http" is not accepted/,
      /HOST: "http:\/\/x" is not accepted/,
      /TUNEBOOK_ADMIN_TOKEN: its value is not accepted/,
    )
  })
})

describe('without a server', () => {
  test('the database is brought up to date', async () => {
    expect(await run('migrate')).toMatchObject({ code: 0, stdout: expect.stringContaining('is up to date') })
  })

  test('a job on a market that is not there says how to import it', async () => {
    expectRefusal(
      await run('tune', 'job.json'),
      1,
      /no market binance BTC\/USDT 5m\. None was imported/,
      /tunebook import <file>/,
    )
  })

  test('candles are imported once', async () => {
    const file = write('candles.csv', candles())
    const name = ['--symbol', 'BTC/USDT', '--timeframe', '5m']
    const first = await run('import', file, ...name)
    expect(first).toMatchObject({ code: 0, stderr: '' })
    expect(first.stdout).toMatch(
      /binance BTC\/USDT 5m: 8,640 candles imported\n.*2025-01-01 00:00 to 2025-01-31 00:00.*no gaps/s,
    )
    const again = await run('import', file, ...name, '--json')
    expect(JSON.parse(again.stdout)).toMatchObject({ imported: 0, duplicates: 8640, market: { candleCount: 8640 } })
    const bad = write('bad.csv', candles().replace('\n', '\n1,2,3\n'))
    expectRefusal(await run('import', bad, ...name), 1, /row 2/)
  })

  test('a job is tuned, reported, and ends with 3 when it is not ready', async () => {
    const { code, stdout, stderr } = await run('tune', 'job.json')
    expect(stdout).toMatch(/^NOT READY {3}score \d+ of 100\n/)
    for (const part of ['Criteria', 'Gates', 'Candidates by ROI', 'Out of sample', 'What drives', 'rsi_oversold']) {
      expect(stdout).toContain(part)
    }
    expect(stdout).not.toContain('\u001b')
    expect(stderr).toMatch(/Backtesting 40 samples\n.*Training\n.*Finished\n$/s)
    expect(code).toBe(3)
  })

  test('a backtest shows its figures and its trades', async () => {
    const parameters = { rsi_oversold: 35, rsi_overbought: 65, adx_min: 18, volume_multiplier: 1, sl: 0.02, tp: 0.04 }
    const file = write('backtest.json', { strategy: JOB.strategy, market: JOB.market, parameters, last: '20 days' })
    const { code, stdout } = await run('backtest', file)
    expect(code).toBe(0)
    expect(stdout).toMatch(/ROI .*buy and hold/)
    expect(stdout).toMatch(/fingerprint [0-9a-f]{64}|fingerprint [0-9a-f]+/)
    const { metrics, trades } = JSON.parse((await run('backtest', file, '--json')).stdout)
    expect(trades).toHaveLength(metrics.tradeCount)
  })

  test('what the API refuses is said field by field', async () => {
    const wrong = write('wrong.json', { ...JOB, sampleCount: 5, hyperparameters: { nEstimator: 10 } })
    expectRefusal(await run('tune', wrong), 1, /sampleCount: 5 is not/, /nEstimator/)
    expectRefusal(await run('tune', write('who.json', { ...JOB, strategy: 'rsi' })), 1, 'there is no strategy "rsi"')
  })

  test('Ctrl-C cancels the job and says so', async () => {
    const long = write('long.json', { ...JOB, sampleCount: 4000, hyperparameters: { nEstimators: 1000 } })
    const { child, ended } = start(['tune', long])
    child.stderr!.on('data', (text) => String(text).includes('Training') && child.kill('SIGINT'))
    const { code, stderr } = await ended
    expect(stderr).toMatch(/Job job_[0-9a-f]+ is cancelled\.\n$/)
    expect(code).toBe(130)
  })
})

describe('with a server', () => {
  let server: ReturnType<typeof start>
  let url: string

  beforeAll(async () => {
    mkdirSync(home, { recursive: true })
    writeFileSync(join(home, 'server.json'), JSON.stringify({ address: 'http://127.0.0.1:9', pid: 1 })) // left behind
    server = start(['serve'], { PORT: '0' })
    await once(server.child.stdout!, 'data')
    url = serverFile().address
  })

  const serverFile = () =>
    JSON.parse(readFileSync(join(home, 'server.json'), 'utf8')) as { address: string; pid: number }

  test('commands find it by the home folder, and print the whole job as JSON', async () => {
    expect(serverFile().pid).toBe(server.child.pid)
    const { code, stdout, stderr } = await run('tune', 'job.json', '--json')
    expect(stderr).toBe('')
    expect(code).toBe(3)
    expect(JSON.parse(stdout)).toMatchObject({
      status: 'COMPLETED',
      sampleCount: 40,
      progress: { phase: 'FINISHED', fraction: 1 },
      readiness: { productionReady: false, gates: expect.any(Array) },
      candidates: expect.any(Array),
      strategy: { name: 'rsi-adx-volume' },
      market: { symbol: 'BTC/USDT' },
    })
  })

  test('a file that is too large for a request goes through the import folder', async () => {
    const file = write(
      'padded.csv',
      candles().replaceAll(/\n\d+,/g, (start) => `${start}${' '.repeat(400)}`),
    )
    const { code, stdout, stderr } = await run('import', file, '--symbol', 'ETH/USDT', '--timeframe', '5m')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toContain('8,640 candles imported')
    const remote = await run('import', file, '--symbol', 'ETH/USDT', '--timeframe', '5m', '--url', url)
    expectRefusal(remote, 2, /too large for one request .* Pack it by gzip/)
  })

  test('the first start makes an admin token that nobody else can read, and prints a link with it, once', async () => {
    const secret = readFileSync(join(home, 'admin-token'), 'utf8').trim()
    expect(secret).toMatch(/^tb_[\w-]{43}$/)
    expect(statSync(join(home, 'admin-token')).mode & 0o777).toBe(0o600)
    expect((await run('sign-in')).stdout).toBe(`${url}/#token=${secret}\n`)
  })

  test('another folder needs a token, which is made, used and revoked', async () => {
    const stranger = (...args: string[]) =>
      start([...args, '--url', url], { TUNEBOOK_HOME: join(folder, 'other') }).ended
    expectRefusal(await stranger('token', 'list'), 1, /does not let us in: give a token/)
    const created = await run('token', 'create', 'laptop', '--role', 'viewer', 'tuner')
    expect(created.stdout).toMatch(/^tb_[\w-]{43}\n$/)
    expect(created.stderr).toContain('This is shown once')
    const [id] = /token_[0-9a-f]{32}/.exec(created.stderr)!
    const signedIn = () => stranger('tune', 'job.json', '--json', '--token', created.stdout.trim())
    expect((await signedIn()).code).toBe(3)
    expectRefusal(await stranger('token', 'list', '--token', created.stdout.trim()), 1, /needs another role/)

    expect((await run('token', 'revoke', id)).stdout).toBe(`Token ${id} (laptop) is revoked.\n`)
    expect((await run('token', 'list')).stdout).toMatch(/laptop +tb_\S{6}… +viewer tuner +\d{4}.* revoked/)
    expectRefusal(await signedIn(), 1, /does not let us in/)
    expectRefusal(await run('token', 'create', 'x', '--role', 'boss'), 2, /--role BOSS is none/)
    expectRefusal(await run('token', 'create', 'x', '--role', 'bot', 'approver'), 1, /may not hold both/)
  })

  test('the audit log is verified and exported', async () => {
    expect((await run('audit', 'verify')).stdout).toMatch(
      /^The audit log is intact: \d+ entries, the last hash [0-9a-f]{64}\.\n$/,
    )
    const lines = (await run('audit', 'export')).stdout.trim().split('\n')
    expect(lines.map((line) => JSON.parse(line))).toContainEqual(
      expect.objectContaining({ action: 'TOKEN_CREATED', actor: 'admin', channel: 'CLI' }),
    )
  })

  test('a second one tells every reason why it cannot start', async () => {
    const { ended } = start(['serve'], { PORT: new URL(url).port })
    expectRefusal(
      await ended,
      1,
      /Tunebook cannot start\./,
      /Another process is using/,
      /PORT: \d+ on 127\.0\.0\.1 is taken/,
    )
  })

  test('the demo needs a folder of its own', async () => {
    expectRefusal(await run('demo', '--json'), 1, /cannot do so through the server .* TUNEBOOK_HOME=/)
  })

  test('SIGTERM stops it in order: exit code 0, nothing left behind', async () => {
    const started = performance.now()
    server.child.kill('SIGTERM')
    const { code, stdout, stderr } = await server.ended
    expect(code).toBe(0)
    expect(performance.now() - started).toBeLessThan(10_000)
    expect(stdout).toContain(`Dashboard  ${url}/`)
    expect(stdout).toContain(`${url}/#token=tb_`)
    expect(stdout).toContain('It survives a killed process, but not a power loss')
    expect(stderr).toContain('Stopping …')
    expect(existsSync(join(home, 'server.json'))).toBe(false)
  })

  test('one that was killed is not waited for', async () => {
    const killed = start(['serve'], { PORT: '0' })
    await once(killed.child.stdout!, 'data')
    killed.child.kill('SIGKILL')
    expect((await killed.ended).stdout).not.toContain('token=')
    expect(existsSync(join(home, 'server.json'))).toBe(true)
    expect((await run('tune', 'job.json', '--json')).code).toBe(3)
  })
})

test('the demo tunes both markets and compares the verdicts', async () => {
  const { ended } = start(['demo'], { TUNEBOOK_HOME: join(folder, 'demo') })
  const { code, stdout } = await ended
  expect(code).toBe(0)
  expect(stdout).toMatch(/With a planted edge +Pure chance\n +Verdict +(NOT )?READY +NOT READY\n/)
  expect(stdout).toMatch(/"npm start" shows both jobs in the dashboard\.\n$/)
})
