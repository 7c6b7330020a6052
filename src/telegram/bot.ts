import { Bot, type Context } from 'grammy'
import type { Update } from 'grammy/types'
import type { TelegramConfig, TelegramUser } from '../config.ts'
import type { AppContext } from '../context.ts'
import { takeButton } from './buttons.ts'
import { answerTune } from './commanding.ts'
import { admit } from './gate.ts'
import { Ignored } from './ignored.ts'
import { HTML, type Outbox } from './outbox.ts'
import { HELP } from './playbook-messages.ts'
import { press } from './pressing.ts'
import { retrying } from './resilience.ts'
import { onBehalfOf } from './viewer.ts'

/** Longer than Telegram holds a request for updates. */
const CALL_WITHIN_SECONDS = 45
const DEAD_BUTTON = 'This button does not work any more.'

/** A context of grammY that knows who is speaking; set by the gate. */
export type Talk = Context & { person: TelegramUser }

export function createBot({ token, apiRoot }: TelegramConfig, stopping: AbortSignal): Bot<Talk> {
  const bot = new Bot<Talk>(token, { client: { apiRoot, timeoutSeconds: CALL_WITHIN_SECONDS } })
  bot.api.config.use(retrying(stopping))
  return bot
}

/** What kinds of updates are asked for: those that are answered, and those that are written down. */
export const UPDATE_KINDS: readonly Exclude<keyof Update, 'update_id'>[] = [
  'message',
  'edited_message',
  'channel_post',
  'edited_channel_post',
  'callback_query',
]

/** Connect commands and buttons to the services. @param wake tells the outbox that there may be something new */
export function wire(
  bot: Bot<Talk>,
  ctx: AppContext,
  outbox: Outbox,
  users: readonly TelegramUser[],
  wake: () => void,
) {
  const ignored = new Ignored(ctx)

  bot.use(async (talk, next) => {
    const admission = admit(talk.update, users)
    if (!('user' in admission)) return ignored.note(admission.refused, admission.from)
    talk.person = admission.user
    await next()
  })
  bot.command('tune', async (talk) => {
    const say = async (html: string) => void (await talk.reply(html, HTML))
    const { person } = talk
    const reply = await answerTune({ ctx: onBehalfOf(ctx, person), outbox, userId: person.id, say }, talk.match)
    if (reply) await talk.reply(reply.html, { ...HTML, ...(reply.buttons && { reply_markup: reply.buttons }) })
    if (reply?.picture) await talk.replyWithPhoto(reply.picture)
    wake()
  })
  bot.on('callback_query:data', async (talk) => {
    const { person, callbackQuery } = talk
    const button = await takeButton(ctx.db, callbackQuery.data, person.id)
    const messageId = callbackQuery.message?.message_id
    if (!button || messageId === undefined) {
      await ignored.note('button that is not theirs or used up', person.id, { messageId: messageId ?? null })
      await talk.answerCallbackQuery({ text: DEAD_BUTTON })
      return
    }
    const { text, alert } = await press(onBehalfOf(ctx, person), outbox, button, { userId: person.id, messageId })
    wake()
    await talk.answerCallbackQuery({ text, show_alert: alert })
    if (button.action === 'ROLL_BACK') await talk.editMessageText(text)
  })
  bot.on('message', async (talk) => void (await talk.reply(HELP, HTML)))
}
