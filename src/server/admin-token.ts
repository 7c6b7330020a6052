import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { newSecret } from '../auth/secret.ts'
import type { Config } from '../config.ts'
import { ValidationError } from '../errors.ts'

const MIN_LENGTH = 32

/** The secret by which whoever may read the home folder can do everything. */
export interface AdminToken {
  secret: string
  /** made just now */
  isNew: boolean
}

function fileIn(home: string): string {
  return join(home, 'admin-token')
}

/**
 * The admin token: that of the environment, or the one in the home folder, which is made where there is none.
 *
 * @throws ValidationError the file holds something that anybody could guess
 */
export function openAdminToken({ adminToken, home }: Config): AdminToken {
  if (adminToken !== undefined) return { secret: adminToken, isNew: false }
  const kept = readAdminToken(home)
  if (kept === undefined) {
    const secret = newSecret()
    writeFileSync(fileIn(home), `${secret}\n`, { mode: 0o600, flag: 'wx' })
    return { secret, isNew: true }
  }
  if (kept.length >= MIN_LENGTH) return { secret: kept, isNew: false }
  throw ValidationError.at(
    'TUNEBOOK_HOME',
    `${fileIn(home)} holds ${kept.length} characters; an admin token has at least ${MIN_LENGTH}. Delete the file and start again: a new one is made.`,
  )
}

/** The token that a server keeps in this home folder; undefined where there is none that we may read. */
export function readAdminToken(home: string): string | undefined {
  try {
    return readFileSync(fileIn(home), 'utf8').trim()
  } catch {
    return undefined
  }
}

/** Signs a browser in. What follows # stays in the browser: no server and no log ever sees it. */
export function signInLink(url: string, secret: string): string {
  return `${url}/#token=${encodeURIComponent(secret)}`
}
