import { readConfig } from '../config.ts'
import { ROLES } from '../viewer.ts'
import { Client, ERROR_FIELDS, type Connecting } from './client.ts'
import { EXIT, usageFailure } from './failure.ts'
import { print } from './output.ts'
import { minute, table } from './text.ts'

export interface NewTokenOptions extends Connecting {
  role: string[]
  expires?: string
  playbook?: string
  json?: boolean
}

interface TokenInfo {
  id: string
  name: string
  prefix: string
  roles: string[]
  playbookId: string | null
  createdAt: string
  lastUsedAt: string | null
  expiresAt: string | null
  revokedAt: string | null
}

const TOKEN = 'id name prefix roles playbookId createdAt lastUsedAt expiresAt revokedAt'
const CREATE = `mutation ($name: String!, $roles: [Role!]!, $expiresAt: DateTime, $playbookId: ID) {
  result: createApiToken(name: $name, roles: $roles, expiresAt: $expiresAt, playbookId: $playbookId) {
    ${ERROR_FIELDS}
    ... on CreateApiTokenSuccess { secret token { ${TOKEN} } }
  }
}`
const REVOKE = `mutation ($id: ID!) {
  result: revokeApiToken(id: $id) { ${ERROR_FIELDS} ... on RevokeApiTokenSuccess { token { ${TOKEN} } } }
}`

/** Make a token and print its secret, which is nowhere else. */
export async function createToken(name: string, options: NewTokenOptions): Promise<number> {
  const roles = options.role.map((role) => role.toUpperCase())
  const unknown = roles.find((role) => !(ROLES as readonly string[]).includes(role))
  if (unknown !== undefined)
    throw usageFailure(`--role ${unknown} is none. There are ${ROLES.join(', ').toLowerCase()}.`)
  const { expires: expiresAt, playbook: playbookId } = options
  return withClient(options, async (client) => {
    const variables = { name, roles, expiresAt, playbookId }
    const { token, secret } = await client.mutate<{ token: TokenInfo; secret: string }>(CREATE, variables)
    if (options.json) print(JSON.stringify({ ...token, secret }, null, 2))
    else {
      print(secret)
      process.stderr.write(`Token ${token.id} (${token.name}). This is shown once; keep it where nobody else reads.\n`)
    }
  })
}

export async function listTokens(options: Connecting & { json?: boolean }): Promise<number> {
  return withClient(options, async (client) => {
    const { apiTokens } = await client.query<{ apiTokens: TokenInfo[] }>(`{ apiTokens { ${TOKEN} } }`)
    if (options.json) print(JSON.stringify(apiTokens, null, 2))
    else if (apiTokens.length === 0) print('There are no tokens but that of the administrator.')
    else for (const line of table([HEAD, ...apiTokens.map(cellsOf)], 'llllll', process.stdout.columns)) print(line)
  })
}

const HEAD = ['Id', 'Name', 'Starts with', 'Roles', 'Last used', 'State']

function cellsOf({ id, name, prefix, roles, lastUsedAt, expiresAt, revokedAt }: TokenInfo): string[] {
  const used = lastUsedAt === null ? 'never' : minute(lastUsedAt)
  const expired = expiresAt !== null && Date.parse(expiresAt) <= Date.now()
  const limited = expiresAt === null ? 'valid' : `${expired ? 'expired' : 'valid until'} ${minute(expiresAt)}`
  const state = revokedAt === null ? limited : `revoked ${minute(revokedAt)}`
  return [id, name, `${prefix}…`, roles.join(' ').toLowerCase(), used, state]
}

export async function revokeToken(id: string, options: Connecting & { json?: boolean }): Promise<number> {
  return withClient(options, async (client) => {
    const { token } = await client.mutate<{ token: TokenInfo }>(REVOKE, { id })
    print(options.json ? JSON.stringify(token, null, 2) : `Token ${token.id} (${token.name}) is revoked.`)
  })
}

async function withClient(options: Connecting, run: (client: Client) => Promise<void>): Promise<number> {
  const client = await Client.open(readConfig(process.env), options)
  try {
    await run(client)
    return EXIT.ready
  } finally {
    await client.close()
  }
}
