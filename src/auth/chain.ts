import { createHash } from 'node:crypto'
import type { Channel } from '../viewer.ts'

/** What an entry of the audit log says, in the form in which it is hashed, exported and answered. */
export interface AuditContent {
  id: string
  /** ISO 8601 in UTC, with milliseconds */
  time: string
  actor: string
  channel: Channel
  action: string
  subject: string | null
  detail: Record<string, unknown>
}

/** What the first entry takes for the hash before it. */
export const GENESIS = '0'.repeat(64)

/**
 * SHA-256, in hexadecimal, over the previous hash, a line feed and the content as JSON with its keys in order. Whoever
 * has an export can compute it again.
 */
export function entryHash(previousHash: string, content: AuditContent): string {
  const { id, time, actor, channel, action, subject, detail } = content
  const text = canonical({ id, time, actor, channel, action, subject, detail })
  return createHash('sha256').update(`${previousHash}\n${text}`).digest('hex')
}

/** JSON with the keys of every object in order, so that equal values make equal texts. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const entries = Object.entries(value).filter(([, field]) => field !== undefined)
  const fields = entries.map(([key, field]) => [JSON.stringify(key), canonical(field)] as const)
  return `{${fields
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map((pair) => pair.join(':'))
    .join(',')}}`
}

/** The value as JSON can carry it and PostgreSQL can store it: no functions, no NUL, no halves of characters. */
export function storable(detail: Record<string, unknown>): Record<string, unknown> {
  return JSON.parse(JSON.stringify(detail), (_, value: unknown) =>
    typeof value === 'string' ? storableText(value) : value,
  ) as Record<string, unknown>
}

export function storableText(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\uFFFD')
}
