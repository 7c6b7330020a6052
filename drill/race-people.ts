import { Listener } from './listener.ts'
import type { Stage } from './race-stage.ts'
import type { Server } from './server.ts'

/**
 * What became of a wish: done, refused since somebody was faster, given up on a busy machine, or anything else, which no
 * race may bring about.
 */
export interface Outcome {
  kind: 'done' | 'conflict' | 'unanswered' | 'other'
  /** of a conflict: why */
  message: string
  /** version of the playbook after what was done */
  version: number | null
}

interface Result {
  __typename: string
  message?: string
  playbook?: { version: number }
}

interface Response {
  data?: Record<string, unknown> | null
  errors?: { extensions: { code: string } }[]
}

/** What is worth asking again: ten seconds may be over, or there is no server. */
const NO_ANSWER = ['TIMEOUT', 'SERVICE_UNAVAILABLE']

export function isUnanswered({ status, code }: { status: number; code: string | undefined }): boolean {
  return status === 0 || NO_ANSWER.includes(String(code))
}

const RESULT = (success: string): string =>
  `{ __typename ... on ${success} { playbook { version } } ... on ConflictError { message } }`

const APPROVE = (id: string): string =>
  `mutation { approveRecommendations(reviewId: "${id}", mode: ALL) ${RESULT('ApproveRecommendationsSuccess')} }`

export async function approve(server: Server, person: string, reviewId: string): Promise<Outcome> {
  return asked(server, person, APPROVE(reviewId))
}

export function rollBack(server: Server, person: string, { id, from, to }: { id: string; from: number; to: number }) {
  const args = `id: "${id}", toVersion: ${to}, expectedVersion: ${from}`
  return asked(server, person, `mutation { rollbackPlaybook(${args}) ${RESULT('RollbackPlaybookSuccess')} }`)
}

/** Replace all plays by one with this leverage. */
export function edit(
  server: Server,
  person: string,
  { id, from, leverage }: { id: string; from: number; leverage: number },
) {
  const play = `{ regime: RANGING, leverage: ${leverage}, riskRewardRatio: 2, confidenceThreshold: 60 }`
  const args = `id: "${id}", expectedVersion: ${from}, regimes: [${play}]`
  return asked(server, person, `mutation { updatePlaybook(${args}) ${RESULT('UpdatePlaybookSuccess')} }`)
}

export async function versionOf(server: Server, person: string, id: string): Promise<number> {
  const { data } = await server.ask(`{ playbook(id: "${id}") { version } }`, {}, person)
  return (data!.playbook as { version: number }).version
}

async function asked(server: Server, person: string, mutation: string): Promise<Outcome> {
  const answer = await server.ask(mutation, {}, person)
  return isUnanswered(answer) ? UNANSWERED : outcomeOf(answer.data, answer.code)
}

const UNANSWERED: Outcome = { kind: 'unanswered', message: '', version: null }

function outcomeOf(data: Record<string, unknown> | null | undefined, code: string | undefined): Outcome {
  if (!data)
    return isUnanswered({ status: 200, code }) ? UNANSWERED : { kind: 'other', message: String(code), version: null }
  const { __typename: type, message = '', playbook } = Object.values(data)[0] as Result
  if (playbook) return { kind: 'done', message, version: playbook.version }
  return { kind: type === 'ConflictError' ? 'conflict' : 'other', message: message || type, version: null }
}

/** Somebody who asks by WebSocket, over a connection that stays open. */
export class SocketPerson {
  readonly #listener: Listener
  #asked = 0

  private constructor(listener: Listener) {
    this.#listener = listener
  }

  static async open({ url }: Server, person: string): Promise<SocketPerson> {
    return new SocketPerson(await Listener.open(url, person))
  }

  approve(reviewId: string): Promise<Outcome> {
    const { socket } = this.#listener
    const id = `decision ${++this.#asked}`
    const { promise, resolve } = Promise.withResolvers<Outcome>()
    const hear = (bytes: Buffer): void => {
      const message = JSON.parse(bytes.toString()) as { id?: string; type: string; payload: Response }
      if (message.id !== id || message.type !== 'next') return
      socket.off('message', hear)
      const { data, errors } = message.payload
      resolve(outcomeOf(data, errors?.[0].extensions.code))
    }
    socket.on('message', hear)
    socket.send(JSON.stringify({ id, type: 'subscribe', payload: { query: APPROVE(reviewId) } }))
    return promise
  }

  close(): Promise<void> {
    return this.#listener.close()
  }
}

/** What a button says that is gone, since its review was decided. */
export const DEAD_BUTTON = 'This button does not work any more.'

/** Press "Apply all" below the message of a review, and wait for what the bot says to it. */
export async function press({ telegram }: Stage, user: number, button: string, messageId: number): Promise<Outcome> {
  const update = telegram.pressing(user, button, messageId)
  telegram.deliver(update)
  const isOurs = ({ method, payload }: (typeof telegram.calls)[number]): boolean =>
    method === 'answerCallbackQuery' && payload.callback_query_id === update.callback_query.id
  const answer = await telegram.until(() => telegram.calls.find(isOurs), 'no answer').catch(() => null)
  if (!answer) return UNANSWERED
  const { payload } = answer
  const message = String(payload.text)
  const [, version] = /is at version (\d+) now/.exec(message) ?? []
  if (version) return { kind: 'done', message, version: Number(version) }
  const isLate = message.includes('decided by') || message === DEAD_BUTTON
  return { kind: isLate ? 'conflict' : 'other', message, version: null }
}
