import { randomBytes } from 'node:crypto'
import { and, eq, lt, sql } from 'drizzle-orm'
import type { InlineKeyboardMarkup } from 'grammy/types'
import type { Database } from '../db.ts'
import type { Keyboard } from './press.ts'
import { telegramButtons, type TelegramButtonRow } from './table.ts'

/** Far beyond the longest time that a review may wait. */
const KEPT_DAYS = 400

/** What all buttons of a message are about, and who may press them. */
export interface ButtonOwner {
  userId: string
  subjectId: string
  version: number
}

/**
 * Make a keyboard pressable: each button gets an id of its own, 22 characters that nobody can guess. Of one person and
 * one subject only the newest keyboard can be pressed.
 */
export async function issueButtons(
  db: Database,
  owner: ButtonOwner,
  keyboard: Keyboard,
): Promise<InlineKeyboardMarkup> {
  const rows: (typeof telegramButtons.$inferInsert)[] = []
  const markup = keyboard.map((line) =>
    line.map(({ label, action, detail }) => {
      const id = randomBytes(16).toString('base64url')
      rows.push({ ...owner, id, action, detail: detail ?? {} })
      return { text: label, callback_data: id }
    }),
  )
  await db
    .delete(telegramButtons)
    .where(and(eq(telegramButtons.subjectId, owner.subjectId), eq(telegramButtons.userId, owner.userId)))
  if (rows.length > 0) await db.insert(telegramButtons).values(rows)
  return { inline_keyboard: markup }
}

/** Use a button up. Of any number of presses one gets it; a foreign one never does. */
export async function takeButton(db: Database, id: string, userId: string): Promise<TelegramButtonRow | null> {
  const [row] = await db
    .delete(telegramButtons)
    .where(and(eq(telegramButtons.id, id), eq(telegramButtons.userId, userId)))
    .returning()
  return row ?? null
}

/** The subject is settled: none of its buttons does anything any more. */
export async function dropButtons(db: Database, subjectId: string): Promise<void> {
  await db.delete(telegramButtons).where(eq(telegramButtons.subjectId, subjectId))
}

export async function pruneButtons(db: Database): Promise<void> {
  const old = sql`now() - ${KEPT_DAYS}::integer * interval '1 day'`
  await db.delete(telegramButtons).where(lt(telegramButtons.createdAt, old))
}
