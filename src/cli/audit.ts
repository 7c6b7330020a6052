import { readConfig } from '../config.ts'
import { Client, type Connecting } from './client.ts'
import { EXIT } from './failure.ts'
import { print, say } from './output.ts'
import { whole } from './text.ts'

interface Verification {
  intact: boolean
  entries: number
  brokenId: string | null
  problem: string | null
  head: string
}

interface Page {
  nodes: object[]
  pageInfo: { hasNextPage: boolean; endCursor: string | null }
}

const VERIFY = '{ auditVerification { intact entries brokenId problem head } }'
const EXPORT = `query ($after: String) {
  auditLog(first: 100, after: $after) {
    nodes { id time actor channel action subject detail previousHash hash }
    pageInfo { hasNextPage endCursor }
  }
}`

/** Compute every hash of the audit log again. @returns 1 where the log is not as it was written */
export async function verifyAudit(options: Connecting & { json?: boolean }): Promise<number> {
  const client = await Client.open(readConfig(process.env), options)
  try {
    const { auditVerification: found } = await client.query<{ auditVerification: Verification }>(VERIFY)
    if (options.json) print(JSON.stringify(found, null, 2))
    else if (found.intact)
      print(`The audit log is intact: ${whole(found.entries)} entries, the last hash ${found.head}.`)
    else
      say(
        `The audit log is broken at ${found.brokenId}: ${found.problem} ${whole(found.entries)} entries before it are as they were written.`,
      )
    return found.intact ? EXIT.ready : EXIT.failed
  } finally {
    await client.close()
  }
}

/** Print the audit log as NDJSON, newest entry first. */
export async function exportAudit(options: Connecting): Promise<number> {
  const client = await Client.open(readConfig(process.env), options)
  try {
    for (let after: string | null = null; ;) {
      const { auditLog }: { auditLog: Page } = await client.query(EXPORT, { after })
      for (const entry of auditLog.nodes) print(JSON.stringify(entry))
      if (!auditLog.pageInfo.hasNextPage) return EXIT.ready
      after = auditLog.pageInfo.endCursor
    }
  } finally {
    await client.close()
  }
}
