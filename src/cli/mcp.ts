import { McpServer } from '@modelcontextprotocol/server'
import { serveStdio } from '@modelcontextprotocol/server/stdio'
import { readConfig } from '../config.ts'
import { VERSION } from '../server/version.ts'
import { allows, type Role } from '../viewer.ts'
import { Client, type Connecting } from './client.ts'
import { EXIT, explain } from './failure.ts'
import { TOOLS, type Tool } from './mcp-tools.ts'

const INSTRUCTIONS =
  'Tunebook tunes trading strategies and says whether the winner could be luck. A result may be trusted only where readiness.productionReady is true; otherwise say so, and why, before you name its parameters. Approve or reject a review only when the user has decided on this very review.'

/**
 * Speak the Model Context Protocol on standard input and output, as a client of the API with the roles of its token.
 * Only what the token may do is offered; decisions on reviews only where a token with APPROVER was given for this,
 * never with the rights of whoever owns the machine.
 *
 * @returns 0 when the assistant has left
 */
export async function mcp(options: Connecting): Promise<number> {
  const client = await Client.open(readConfig(process.env), options)
  try {
    const { viewer } = await client.query<{ viewer: { name: string; roles: Role[] } }>('{ viewer { name roles } }')
    const isOwnToken = client.transport.kind !== 'local' && Boolean(options.token ?? process.env.TUNEBOOK_TOKEN)
    const offered = TOOLS.filter(
      ({ role }) => allows({ ...viewer, channel: 'CLI' }, role) && (role !== 'APPROVER' || isOwnToken),
    )
    const left = new Promise<void>((resolve) => process.stdin.once('end', resolve).once('close', resolve))
    const served = serveStdio(() => serverOf(client, offered))
    await left
    await served.close()
    return EXIT.ready
  } finally {
    await client.close()
  }
}

function serverOf(client: Client, tools: readonly Tool[]): McpServer {
  const server = new McpServer({ name: 'tunebook', version: VERSION }, { instructions: INSTRUCTIONS })
  for (const { name, description, input, annotations, call } of tools) {
    server.registerTool(name, { description, inputSchema: input, annotations }, async (given: unknown) => {
      try {
        return textOf(JSON.stringify(await call(client, given as Record<string, unknown>), null, 1))
      } catch (error) {
        return { ...textOf(explain(error).message), isError: true }
      }
    })
  }
  return server
}

function textOf(text: string): { content: { type: 'text'; text: string }[] } {
  return { content: [{ type: 'text', text }] }
}
