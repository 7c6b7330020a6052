import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Role } from '../../src/viewer.ts'

// oxlint-disable-next-line typescript/no-explicit-any -- JSON as the Bot API has it; a test that reads it wrongly fails
type Json = Record<string, any>

/** What the bot asked of Telegram. */
export interface Call {
  method: string
  payload: Json
}

/** A button as it stands below a message. */
interface KeyboardButton {
  text: string
  callback_data: string
}

const TOKEN = '1000:test-token'

/** Enough of the Bot API on this machine: it keeps chats, hands out updates, and can be out of order. */
export class FakeTelegram {
  readonly calls: Call[] = []
  /** messages by id, as they stand now */
  readonly messages = new Map<number, Json>()
  /** answers instead of the real ones, while there are some: status and body */
  readonly troubles: { method: RegExp; status: number; body: Json }[] = []
  readonly #server = createServer((request, response) => void this.#serve(request, response))
  readonly #updates: Json[] = []
  #wake: (() => void)[] = []
  #heard: (() => void)[] = []
  #nextUpdate = 500
  #nextMessage = 1

  static async open(): Promise<FakeTelegram> {
    const fake = new FakeTelegram()
    await new Promise<void>((resolve) => void fake.#server.listen(0, '127.0.0.1', resolve))
    return fake
  }

  get root(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** Settings with which a bot talks to this instead of to Telegram. */
  config(users: readonly { id: string; roles: readonly Role[] }[], webhook?: { url: string; secret: string }) {
    return { token: TOKEN, users, apiRoot: this.root, webhook }
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  /** An update as Telegram would deliver it. */
  update(content: Json): Json {
    return { update_id: this.#nextUpdate++, ...content }
  }

  deliver(...updates: Json[]): void {
    this.#updates.push(...updates)
    for (const wake of this.#wake.splice(0)) wake()
  }

  message(from: number, text: string, more: Json = {}): Json {
    const entities = text.startsWith('/') ? [{ type: 'bot_command', offset: 0, length: text.split(' ')[0].length }] : []
    return {
      message_id: this.#nextMessage++,
      date: 1_767_225_600,
      chat: { id: from, type: 'private', first_name: 'P' },
      from: { id: from, is_bot: false, first_name: 'P' },
      text,
      entities,
      ...more,
    }
  }

  /** A person writes to the bot. */
  write(from: number, text: string, more: Json = {}): void {
    this.deliver(this.update({ message: this.message(from, text, more) }))
  }

  /** A person presses a button. */
  pressing(from: number, data: string, messageId = 1): Json {
    const message = { message_id: messageId, date: 1, chat: { id: from, type: 'private', first_name: 'P' } }
    const id = `${this.#nextUpdate}`
    const sender = { id: from, is_bot: false, first_name: 'P' }
    return this.update({ callback_query: { id, from: sender, message, chat_instance: '1', data } })
  }

  press(from: number, data: string, messageId?: number): void {
    this.deliver(this.pressing(from, data, messageId))
  }

  /** The newest message of a chat that has words in it. */
  find(chat: number, words: string | RegExp): Json | undefined {
    const has = (text: string): boolean => (typeof words === 'string' ? text.includes(words) : words.test(text))
    return [...this.messages.values()].findLast((one) => one.chat_id === chat && has(one.text ?? one.caption ?? ''))
  }

  /** Wait until a chat has a message with these words, sent or edited. */
  async shows(chat: number, words: string | RegExp): Promise<Json> {
    return this.until(() => this.find(chat, words), `${chat} never saw ${String(words)}`)
  }

  /** Wait until a callback is answered with these words. */
  async answers(words: string | RegExp): Promise<Json> {
    const fits = ({ method, payload }: Call): boolean =>
      method === 'answerCallbackQuery' &&
      (typeof words === 'string' ? (payload.text ?? '').includes(words) : words.test(payload.text ?? ''))
    return (await this.until(() => this.calls.find(fits), `nobody was answered ${String(words)}`)).payload
  }

  /** Wait for something that a call to this server brings about. */
  async until<T>(look: () => T | undefined, complaint: string): Promise<T> {
    const deadline = performance.now() + 20_000
    for (;;) {
      const found = look()
      if (found !== undefined) return found
      if (performance.now() > deadline) {
        throw new Error(`${complaint}; messages: ${JSON.stringify([...this.messages.values()].slice(-6))}`)
      }
      await new Promise<void>((resolve) => {
        this.#heard.push(resolve)
        setTimeout(resolve, 1000).unref()
      })
    }
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const body = Buffer.concat(chunks)
    const [, bot, method] = request.url!.split('/')
    const payload = await payloadOf(body, request.headers['content-type'] ?? '')
    const answer = (status: number, content: Json): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(content))
    }
    if (bot !== `bot${TOKEN}`) return answer(401, { ok: false, error_code: 401, description: 'Unauthorized' })
    this.calls.push({ method, payload })
    const trouble = this.troubles.findIndex((one) => one.method.test(method))
    if (trouble >= 0) {
      const [{ status, body: content }] = this.troubles.splice(trouble, 1)
      answer(status, content)
    } else if (method === 'getUpdates') answer(200, { ok: true, result: await this.#held(payload, response) })
    else answer(200, { ok: true, result: this.#do(method, payload) })
    for (const heard of this.#heard.splice(0)) heard()
  }

  /** Updates from the offset on; held while there are none, as Telegram does. */
  async #held({ offset = 0 }: Json, response: ServerResponse): Promise<Json[]> {
    const waiting = (): Json[] => this.#updates.filter(({ update_id: id }) => id >= offset)
    while (waiting().length === 0 && !response.destroyed) {
      await new Promise<void>((resolve) => {
        this.#wake.push(resolve)
        response.once('close', resolve)
      })
    }
    return waiting()
  }

  #do(method: string, payload: Json): Json | boolean {
    if (method === 'getMe') return { id: 1000, is_bot: true, first_name: 'Tunebook', username: 'tunebook_bot' }
    if (method === 'sendMessage' || method === 'sendPhoto') {
      const id = this.#nextMessage++
      const chat = Number(payload.chat_id)
      this.messages.set(id, { ...payload, method, chat_id: chat, message_id: id })
      return { message_id: id, date: 1, chat: { id: chat, type: 'private' }, text: payload.text }
    }
    if (method.startsWith('editMessage')) {
      const old = this.messages.get(payload.message_id) ?? {}
      this.messages.set(payload.message_id, {
        ...old,
        reply_markup: undefined,
        ...payload,
        chat_id: Number(payload.chat_id),
      })
    }
    return true
  }
}

/** What a call says; the file that it brings is the `upload`. */
async function payloadOf(body: Buffer, type: string): Promise<Json> {
  if (body.length === 0) return {}
  if (type.includes('json')) return JSON.parse(body.toString()) as Json
  const form = await new Response(Uint8Array.from(body), { headers: { 'content-type': type } }).formData()
  const payload: Json = {}
  for (const [name, value] of form) {
    if (typeof value !== 'string') payload.upload = Buffer.from(await value.arrayBuffer())
    else payload[name] = value.startsWith('{') ? JSON.parse(value) : value
  }
  return payload
}

/** The buttons below a message, by their words. */
export function buttonsOf(message: Json): KeyboardButton[] {
  return ((message.reply_markup?.inline_keyboard ?? []) as KeyboardButton[][]).flat()
}

export function button(message: Json, label: string): string {
  const found = buttonsOf(message).find(({ text }) => text.includes(label))
  if (!found) throw new Error(`No button ${label} below ${message.text}`)
  return found.callback_data
}
