import type { WebhookConfig } from '../config.ts'
import { sign, SIGNATURE_HEADER, TIMESTAMP_HEADER } from './signature.ts'
import type { WebhookEvent } from './table.ts'

/** A message for the receiver; the same bytes at every attempt. */
export interface WebhookMessage {
  /** the same at every attempt: by it a receiver knows what it has already */
  id: string
  event: WebhookEvent
  time: string
  data: Record<string, unknown>
}

/** 410: the receiver wants no more of these. */
const GONE = 410
export const ANSWER_WITHIN_MS = 10_000

/**
 * Post a message. The address is the operator's own and nothing in a message can change it; redirects are not followed,
 * so that a receiver cannot point this service at something inside its network, and the answer's body is not read.
 *
 * @param now ms since epoch
 * @throws Error where it was not taken: the queue tries again later
 */
export async function post(
  { url, secret }: WebhookConfig,
  message: WebhookMessage,
  now: number,
  signal: AbortSignal,
): Promise<void> {
  const body = JSON.stringify(message)
  const timestamp = Math.floor(now / 1000)
  const response = await fetch(url, {
    method: 'POST',
    body,
    redirect: 'manual',
    headers: {
      'content-type': 'application/json',
      'user-agent': 'tunebook',
      'x-tunebook-event': message.event,
      'x-tunebook-id': message.id,
      [TIMESTAMP_HEADER]: String(timestamp),
      [SIGNATURE_HEADER]: sign(secret, timestamp, body),
    },
    signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_WITHIN_MS)]),
  })
  await response.body?.cancel()
  if (!response.ok && response.status !== GONE) throw new Error(`The webhook answered ${response.status}.`)
}
