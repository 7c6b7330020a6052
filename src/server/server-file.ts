import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** What a running server leaves in its home folder, so that the command line finds it. */
export interface ServerFile {
  /** http://127.0.0.1:4000 */
  address: string
  pid: number
}

const ANSWER_WITHIN_MS = 2000

function fileIn(home: string): string {
  return join(home, 'server.json')
}

export function writeServerFile(home: string, address: string): void {
  writeFileSync(fileIn(home), `${JSON.stringify({ address, pid: process.pid })}\n`, { mode: 0o600 })
}

/** Remove the file, unless another server has written its own meanwhile. */
export function removeServerFile(home: string): void {
  if (readServerFile(home)?.pid === process.pid) rmSync(fileIn(home), { force: true })
}

/**
 * The address of the server that holds `home`; undefined where there is none. A file that a killed server left behind
 * counts for nothing: its process must be alive and answer.
 */
export async function findServer(home: string): Promise<string | undefined> {
  const file = readServerFile(home)
  if (!file || !isAlive(file.pid)) return undefined
  try {
    const answer = await fetch(`${file.address}/health/live`, { signal: AbortSignal.timeout(ANSWER_WITHIN_MS) })
    return answer.ok ? file.address : undefined
  } catch {
    return undefined
  }
}

function readServerFile(home: string): ServerFile | undefined {
  try {
    const { address, pid } = JSON.parse(readFileSync(fileIn(home), 'utf8')) as ServerFile
    return URL.canParse(address) && Number.isInteger(pid) ? { address, pid } : undefined
  } catch {
    return undefined
  }
}

/** Signal 0 asks without doing anything; EPERM means alive, but somebody else's. */
function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
