import { setTimeout as wait } from 'node:timers/promises'
import { eq } from 'drizzle-orm'
import { playbookReviews, playbooks } from '../src/playbook/table.ts'
import { button } from '../test/telegram/fake-telegram.ts'
import { approve, DEAD_BUTTON, type Outcome, press, SocketPerson } from './race-people.ts'
import { type Contested, IN_TELEGRAM, type Stage } from './race-stage.ts'

type Door = 'http' | 'socket' | 'telegram'

const REVIEWS = 200
/** So many wait at a time: the bot tells everybody of each. */
const TOGETHER = 5
const BY_SOCKET = 8
const TELL_WITHIN_MS = 60_000
/** So that not always the same one is first. */
const SPREAD_MS = 3

/** Promise R13: fifty approvers apply one review at once, by HTTP, WebSocket and Telegram, at two servers. */
export async function decisions(stage: Stage, model: Contested, random: () => number) {
  const sockets = await Promise.all(
    stage.people.slice(0, BY_SOCKET).map((person, at) => SocketPerson.open(stage.server(at), person)),
  )
  const byHttp = stage.people.slice(BY_SOCKET, stage.people.length - IN_TELEGRAM.length)
  const wins: Record<Door, number> = { http: 0, socket: 0, telegram: 0 }
  const wrong = { winners: 0, losers: 0, versions: 0, names: 0 }
  let deciders = 0
  let unanswered = 0
  for (let decided = 0; decided < REVIEWS; decided += TOGETHER) {
    for (const { playbookId, reviewId } of await stage.copies(model, TOGETHER)) {
      const presses = await Promise.all(IN_TELEGRAM.map((user) => buttonFor(stage, user, playbookId)))
      const at = (door: Door, ask: () => Promise<Outcome>) =>
        wait(random() * SPREAD_MS).then(async () => ({ door, ...(await ask()) }))
      const outcomes = await Promise.all([
        ...byHttp.map((person, turn) => at('http', () => approve(stage.server(turn), person, reviewId))),
        ...sockets.map((person) => at('socket', () => person.approve(reviewId))),
        ...presses.map((push) => at('telegram', push)),
      ])
      deciders += outcomes.length
      const won = outcomes.filter(({ kind }) => kind === 'done')
      for (const { door } of won) wins[door]++
      const lostWords = outcomes.filter(({ kind }) => kind === 'unanswered').length
      unanswered += lostWords
      // Whose answer was given up may have won.
      if (won.length !== 1 && !(won.length === 0 && lostWords > 0)) wrong.winners++
      wrong.losers += outcomes.filter(({ kind }) => kind === 'other').length
      const [review] = await stage.ctx.db.select().from(playbookReviews).where(eq(playbookReviews.id, reviewId))
      const [book] = await stage.ctx.db.select().from(playbooks).where(eq(playbooks.id, playbookId))
      if (book.version !== 3 || review.appliedVersion !== 3 || won.some(({ version }) => version !== 3))
        wrong.versions++
      const told = `decided by ${review.decidedBy} at ${review.decidedAt?.toISOString()}.`
      const lost = outcomes.filter(({ kind, message }) => kind === 'conflict' && message !== DEAD_BUTTON)
      wrong.names += lost.filter(({ message }) => !message.includes(told)).length
      stage.telegram.calls.splice(0)
    }
  }
  await Promise.all(sockets.map((one) => one.close()))
  const kept = Object.values(wrong).every((count) => count === 0)
  return { kept, facts: { reviews: REVIEWS, deciders, unanswered, wins, wrong } }
}

async function buttonFor(stage: Stage, user: number, playbookId: string): Promise<() => Promise<Outcome>> {
  const deadline = performance.now() + TELL_WITHIN_MS
  let message = stage.telegram.find(user, playbookId)
  for (; !message && performance.now() < deadline; message = stage.telegram.find(user, playbookId)) await wait(20)
  if (!message) throw new Error(`The bot did not tell ${user} of ${playbookId}.`)
  const { message_id: messageId } = message
  const data = button(message, 'Apply all')
  return () => press(stage, user, data, Number(messageId))
}
