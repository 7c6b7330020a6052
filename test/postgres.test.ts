import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, test } from 'vitest'
import { connect, type Sql } from '../src/postgres.ts'

/** A frame of PostgreSQL's protocol. */
function frame(type: string, body: Buffer | string): Buffer {
  const bytes = Buffer.from(body)
  const head = Buffer.alloc(5)
  head.write(type)
  head.writeUInt32BE(4 + bytes.length, 1)
  return Buffer.concat([head, bytes])
}

const AUTHENTICATED = frame('R', Buffer.alloc(4))

/** How a server that crashes looks from outside. */
const LOSSES: Record<string, (socket: Socket) => void> = {
  'hangs up': (socket) => socket.end(),
  'resets the connection': (socket) => socket.resetAndDestroy(),
}

/** As much of a server as statements without parameters need: it notes them, by connection, and is lost at `lose`. */
async function fakeServer(lose: (socket: Socket) => void) {
  const connections: string[][] = []
  let refusals = 0
  const server = createServer((socket) => {
    const statements: string[] = []
    const prepared = new Map<string, string>()
    let pending = Buffer.alloc(0)
    let bound = ''
    let state = 'I'
    const run = (statement: string): void => {
      const [command] = statement.toUpperCase().split(' ')
      statements.push(statement)
      state = { BEGIN: 'T', COMMIT: 'I', ROLLBACK: 'I' }[command] ?? state
      if (statement === 'lose') lose(socket)
      else socket.write(frame('C', `${command}\0`))
    }
    const answer = (type: string, texts: string[]): void => {
      if (type === 'P') prepared.set(texts[0], texts[1])
      if (type === 'B') bound = prepared.get(texts[1])!
      if (type === 'Q') run(texts[0].trim())
      if (type === 'E') run(bound)
      const reply = { P: frame('1', ''), D: frame('n', ''), B: frame('2', '') }[type]
      if (reply) socket.write(reply)
      if ((type === 'Q' || type === 'S') && socket.writable) socket.write(frame('Z', state))
    }
    socket.on('error', () => {})
    socket.on('data', (bytes) => {
      pending = Buffer.concat([pending, bytes])
      if (!connections.includes(statements)) {
        if (refusals-- > 0) {
          socket.end()
          return
        }
        connections.push(statements)
        pending = pending.subarray(pending.readUInt32BE(0))
        socket.write(Buffer.concat([AUTHENTICATED, frame('Z', state)]))
      }
      while (pending.length > 4 && pending.length > pending.readUInt32BE(1)) {
        const end = 1 + pending.readUInt32BE(1)
        const [type, body] = [pending.toString('latin1', 0, 1), pending.toString('latin1', 5, end)]
        pending = pending.subarray(end)
        answer(type, body.split('\0'))
      }
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    connections,
    url: `postgres://nobody@127.0.0.1:${(server.address() as AddressInfo).port}/nothing`,
    refuse: (times: number) => (refusals = times),
    close: () => server.close(),
  }
}

describe.each(Object.entries(LOSSES))('when the server %s', (_, lose) => {
  const LOST = /CONNECTION_CLOSED|ECONNRESET/
  let close = (): unknown => undefined
  afterEach(() => close())

  async function open(max: number): Promise<{ server: Awaited<ReturnType<typeof fakeServer>>; sql: Sql }> {
    const server = await fakeServer(lose)
    const sql = connect(server.url, { max, fetch_types: false, backoff: () => 0.01 })
    close = async () => {
      await sql.end({ timeout: 1 })
      server.close()
    }
    return { server, sql }
  }

  test('its transactions fail, the process lives, and every connection serves again', async () => {
    const { server, sql } = await open(2)
    for (let round = 0; round < 5; round++) {
      await expect(sql.begin((tx) => tx.unsafe('lose'))).rejects.toThrow(LOST)
      const both = [0, 1].map(() => sql.begin((tx) => tx.unsafe('select 1')))
      for (const answer of await Promise.all(both)) expect(answer).toMatchObject({ command: 'SELECT' })
    }
    const after = server.connections.filter((statements) => !statements.includes('lose'))
    for (const statements of after) expect(statements.join()).toMatch(/^(begin,select 1,commit,?)+$/)
  })

  test('what waits inside its transaction fails too', async () => {
    const { sql } = await open(1)
    const answers: Promise<unknown>[] = []
    const transaction = sql.begin((tx) => {
      for (const statement of ['lose', 'select 1', 'select 2']) answers.push(Promise.resolve(tx.unsafe(statement)))
      return Promise.all(answers)
    })
    await expect(transaction).rejects.toThrow(LOST)
    for (const answer of answers) await expect(answer).rejects.toThrow(LOST)
  })

  test('no statement of a lost transaction is run on the next connection, outside of it', async () => {
    const { server, sql } = await open(1)
    let late: Promise<unknown> | undefined
    const transaction = sql.begin(async (tx) => {
      await tx.unsafe('lose').catch(() => {})
      await other
      late = Promise.resolve(tx.unsafe('delete everything'))
      await late
    })
    const other = transaction.catch(() => {}).then(() => sql.unsafe('select 1'))
    await expect(transaction).rejects.toThrow(LOST)
    await other
    await expect(late).rejects.toThrow(LOST)
    expect(server.connections.flat()).not.toContain('delete everything')
  })

  test('a reserved connection says so as often as it is asked, and the next one serves', async () => {
    const { sql } = await open(1)
    await sql.unsafe('select 1') // without the query for types the driver reserves only what is open
    const reserved = await sql.reserve()
    const asked = ['lose', 'select 1'].map((statement) => Promise.resolve(reserved.unsafe(statement)))
    for (const answer of asked) await expect(answer).rejects.toThrow(LOST)
    await expect(reserved.unsafe('select 1')).rejects.toThrow(LOST)
    reserved.release()
    expect(await sql.unsafe('select 1')).toMatchObject({ command: 'SELECT' })
  })

  test('a statement that meets a server which hangs up at once fails, and the next one is served', async () => {
    const { server, sql } = await open(1)
    server.refuse(1)
    await expect(sql.unsafe('select 1')).rejects.toThrow(LOST)
    expect(await sql.unsafe('select 1')).toMatchObject({ command: 'SELECT' })
  })

  test('to give up a statement that waits there does not end the process', async () => {
    const { server, sql } = await open(1)
    await sql.unsafe('select 1')
    const waiting = sql.unsafe('lose')
    const lost = expect(Promise.resolve(waiting)).rejects.toThrow(LOST)
    server.close()
    await new Promise(setImmediate)
    waiting.cancel()
    await lost
  })
})

describe('repairing the driver', () => {
  const script = fileURLToPath(new URL('../bin/repair-driver.mjs', import.meta.url))

  /** A checkout in which that version of the driver has been installed. */
  function repair(version: string): string {
    const folder = mkdtempSync(join(tmpdir(), 'tunebook-driver-'))
    try {
      cpSync(script, join(folder, 'bin/repair-driver.mjs'))
      mkdirSync(join(folder, 'node_modules/postgres/src'), { recursive: true })
      writeFileSync(join(folder, 'node_modules/postgres/package.json'), JSON.stringify({ version }))
      for (const file of ['connection', 'index', 'query']) {
        writeFileSync(join(folder, `node_modules/postgres/src/${file}.js`), '')
      }
      return spawnSync(process.execPath, [join(folder, 'bin/repair-driver.mjs')], { encoding: 'utf8' }).stderr
    } finally {
      rmSync(folder, { recursive: true })
    }
  }

  test('refuses another version', () => {
    expect(repair('3.4.10')).toContain('for postgres 3.4.9, and 3.4.10 is installed')
  })

  test('refuses a text that is not the published one', () => {
    expect(repair('3.4.9')).toContain('postgres 3.4.9, src/connection.js: not once there')
  })

  test('can be done twice', () => {
    expect(spawnSync(process.execPath, [script], { encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' })
  })
})
