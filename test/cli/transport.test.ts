import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { Client } from '../../src/cli/client.ts'
import { readConfig } from '../../src/config.ts'

const server = createServer((request, response) => {
  request.resume()
  response.setHeader('content-type', 'application/json').end('{"data":{"ok":true}}')
})
afterEach(() => server.close())

// A connection that was kept could be closed by the server while an assistant's process is busy: the next mutation then
// failed with UND_ERR_SOCKET, and nobody knew whether it had been done.
test('every request of the command line has a connection of its own', async () => {
  let connections = 0
  server.on('connection', () => connections++)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const config = readConfig({ TUNEBOOK_HOME: join(tmpdir(), 'tunebook-no-such-home') })
  const client = await Client.open(config, { url: `http://127.0.0.1:${port}` })
  for (let at = 0; at < 3; at++) expect(await client.query('{ ok }')).toEqual({ ok: true })
  expect(connections).toBe(3)
})
