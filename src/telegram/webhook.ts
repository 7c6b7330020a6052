import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Update } from 'grammy/types'

const LONGEST_BODY_BYTES = 1 << 20
const SECRET_HEADER = 'x-telegram-bot-api-secret-token'

/** Answers what Telegram delivers. */
export type WebhookHandler = (request: IncomingMessage, response: ServerResponse) => Promise<void>

/**
 * Take updates over HTTP from whoever knows the secret: 401 else. What the database could not take is answered with
 * 503, so that Telegram delivers it again.
 */
export function webhookHandler(secret: string, take: (update: Update) => Promise<void>): WebhookHandler {
  return async (request, response) => {
    const answer = (status: number): void => void response.writeHead(status).end()
    if (!isSecret(request.headers[SECRET_HEADER], secret)) return answer(401)
    if (request.method !== 'POST') return answer(405)
    const update = parseUpdate(await readBody(request))
    if (!update) return answer(400)
    try {
      await take(update)
      answer(200)
    } catch {
      answer(503)
    }
  }
}

/** In a time that does not tell how much was right: hashes are equally long, and compared as a whole. */
export function isSecret(given: string | string[] | undefined, secret: string): boolean {
  const hash = (text: string): Buffer => createHash('sha256').update(text).digest()
  return typeof given === 'string' && timingSafeEqual(hash(given), hash(secret))
}

async function readBody(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request) {
    bytes += (chunk as Buffer).length
    if (bytes > LONGEST_BODY_BYTES) return null
    chunks.push(chunk as Buffer)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function parseUpdate(body: string | null): Update | null {
  try {
    const value = JSON.parse(body ?? '') as Partial<Update> | null
    return Number.isSafeInteger(value?.update_id) ? (value as Update) : null
  } catch {
    return null
  }
}
