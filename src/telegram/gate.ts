import type { Message, Update, User } from 'grammy/types'
import type { TelegramUser } from '../config.ts'

/** What became of an update at the door. */
export type Admission = { user: TelegramUser } | { refused: string; from: string | null }

/**
 * Who may come in: a person on the list, in a chat with the bot alone, with a command of their own that was just
 * written. Everything else gets no answer at all, so that nobody learns what is here.
 */
export function admit(update: Update, users: readonly TelegramUser[]): Admission {
  const from = authorOf(update)
  const sender = from ? String(from.id) : null
  const refuse = (refused: string): Admission => ({ refused, from: sender })
  if (update.edited_message ?? update.edited_channel_post) return refuse('edited message')
  if (update.channel_post) return refuse('channel post')
  const message = update.message ?? update.callback_query?.message
  if (!message || !from) return refuse('update of another kind')
  if (update.message && isSecondHand(update.message)) return refuse('forwarded')
  if (update.message?.sender_chat) return refuse('anonymous sender')
  const user = users.find(({ id }) => id === sender)
  if (!user || from.is_bot) return refuse('unknown user')
  if (message.chat.type !== 'private') return refuse('not a private chat')
  return { user }
}

function authorOf(update: Update): User | undefined {
  const { message, edited_message: edited, callback_query: query, channel_post: post } = update
  return (message ?? edited ?? query ?? post)?.from
}

/** Forwarded, or written by another bot on behalf of a person. */
function isSecondHand(message: Message): boolean {
  return message.forward_origin !== undefined || 'forward_date' in message || message.via_bot !== undefined
}
