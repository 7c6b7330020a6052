import { setTimeout as sleep } from 'node:timers/promises'
import type { Bot } from 'grammy'
import type { TelegramConfig } from '../config.ts'
import type { AppContext } from '../context.ts'
import { Alarm } from '../events/alarm.ts'
import { REVIEW_TOPIC } from '../playbook/version.ts'
import { createBot, type Talk, UPDATE_KINDS, wire } from './bot.ts'
import { pruneButtons } from './buttons.ts'
import { Outbox } from './outbox.ts'
import { rest } from './resilience.ts'
import { pauseAfter, Updates } from './updates.ts'
import { webhookHandler, type WebhookHandler } from './webhook.ts'

/** How often it is looked for what no announcement told, and for what waits after an outage. */
const LOOK_MS = 5000
const LOOK_AGAIN_MS = 1000
const PRUNE_MS = 3_600_000
const STOP_WITHIN_MS = 2000

const COMMANDS = [
  { command: 'tune', description: 'Review a playbook; also status, config, apply, history, rollback' },
  { command: 'help', description: 'What I understand' },
]

/** A bot at work. */
export interface Telegram {
  /** Where Telegram delivers; null where updates are fetched. */
  webhook: WebhookHandler | null
  /** Finish what is being done; at most two seconds. */
  stop(): Promise<void>
}

/**
 * Start the bot where a token is set. It returns at once: whether Telegram can be reached is the bot's own affair, and
 * nobody waits for it.
 */
export function startTelegram(ctx: AppContext): Telegram | null {
  const config = ctx.config.telegram
  if (!config) return null
  const stopping = new AbortController()
  const bot = createBot(config, stopping.signal)
  const outbox = new Outbox(ctx, bot.api, config.users)
  const updates = new Updates(ctx, bot)
  const clock = new Alarm()
  wire(bot, ctx, outbox, config.users, () => clock.ring())
  const work = Promise.all([
    receive(ctx, bot, updates, config, stopping.signal),
    tell(ctx, outbox, updates, clock, stopping.signal),
  ])
  const take = async (update: Parameters<Updates['take']>[0]): Promise<void> => {
    if (!bot.isInited()) throw new Error('The bot does not know its own name yet.')
    await updates.take(update)
  }
  return {
    webhook: config.webhook ? webhookHandler(config.webhook.secret, take) : null,
    stop: async () => {
      stopping.abort()
      clock.ring()
      await Promise.race([Promise.all([work, updates.settled()]), sleep(STOP_WITHIN_MS, undefined, { ref: false })])
    },
  }
}

/** Get to know ourselves, say how updates come, and fetch them where they are not delivered. */
async function receive(
  ctx: AppContext,
  bot: Bot<Talk>,
  updates: Updates,
  { webhook }: TelegramConfig,
  stopping: AbortSignal,
): Promise<void> {
  for (let failures = 0; !stopping.aborted;) {
    try {
      await bot.api.getMe().then((me) => (bot.botInfo = me))
      if (webhook) {
        const options = { secret_token: webhook.secret, allowed_updates: UPDATE_KINDS }
        await bot.api.setWebhook(webhook.url, options)
      } else await bot.api.deleteWebhook()
      await bot.api.setMyCommands(COMMANDS)
      break
    } catch (error) {
      const pause = pauseAfter(error, ++failures)
      ctx.log.warn({ reason: (error as Error).message, pauseMs: pause }, 'Telegram is out of reach')
      await rest(pause, stopping)
    }
  }
  if (!webhook) await updates.poll(stopping)
}

/** Keep what people see equal to what is stored: at every announcement of a review, and every few seconds. */
async function tell(
  ctx: AppContext,
  outbox: Outbox,
  updates: Updates,
  clock: Alarm,
  stopping: AbortSignal,
): Promise<void> {
  const reviews = ctx.events.subscribe(REVIEW_TOPIC)
  stopping.addEventListener('abort', () => void reviews.return?.())
  void (async () => {
    for await (const _ of reviews) clock.ring()
  })()
  let pruneAt = 0
  while (!stopping.aborted) {
    let isDone = false
    try {
      isDone = await outbox.pass()
      if (performance.now() >= pruneAt) {
        await Promise.all([updates.prune(), pruneButtons(ctx.db)])
        pruneAt = performance.now() + PRUNE_MS
      }
    } catch (error) {
      ctx.log.warn({ reason: (error as Error).message }, 'messages for Telegram wait')
    }
    await clock.wait(isDone ? LOOK_MS : LOOK_AGAIN_MS)
  }
}
