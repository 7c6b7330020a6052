import type { InputFile } from 'grammy'
import type { InlineKeyboardMarkup } from 'grammy/types'
import type { AppContext } from '../context.ts'
import { ConflictError, DomainError } from '../errors.ts'
import { approveRecommendations } from '../playbook/decide.ts'
import { findPendingReview, recommendationsOf } from '../playbook/list.ts'
import { NEEDED } from '../playbook/roles.ts'
import { startPlaybookReview } from '../playbook/start-review.ts'
import type { PlaybookRow } from '../playbook/table.ts'
import { findVersion } from '../playbook/version.ts'
import { requireRole, type Role } from '../viewer.ts'
import { describe, failureWords, pendingReview, playbookOf } from './answers.ts'
import { attachment } from './attachment.ts'
import { issueButtons } from './buttons.ts'
import { parseCommand, type Command } from './command.ts'
import type { Outbox } from './outbox.ts'
import { historyPicture } from './playbook-picture.ts'
import { reviewMessage } from './review-message.ts'
import { plain, type Html } from './text.ts'

/** A reply to a command; null where the message comes by the outbox. */
export interface Reply {
  html: Html
  buttons?: InlineKeyboardMarkup
  /** comes behind the words */
  picture?: InputFile | null
}

/** What is needed to answer one person. */
export interface Conversation {
  /** with the person as viewer */
  ctx: AppContext
  outbox: Outbox
  userId: string
  say: (html: Html) => Promise<void>
}

/** Do what stands behind /tune, and say what came of it. */
export async function answerTune(talk: Conversation, text: string): Promise<Reply | null> {
  const command = parseCommand(text)
  try {
    requireRole(talk.ctx.viewer, neededFor(command))
    const playbook = await playbookOf(talk.ctx, command.name, wordsOf(command))
    return typeof playbook === 'string' ? { html: playbook } : await run(talk, command, playbook)
  } catch (error) {
    if (error instanceof DomainError) return { html: failureWords(error) }
    throw error
  }
}

/** What is asked for before anything is answered; the services ask again. */
function neededFor(command: Command): Role {
  if (command.kind === 'REVIEW') return NEEDED.REVIEW
  if (command.kind === 'ROLLBACK') return NEEDED.ROLL_BACK
  return command.kind === 'APPLY' && command.mode !== null ? NEEDED.DECIDE : 'VIEWER'
}

/** The command as it was written, without the name. */
function wordsOf(command: Command): string {
  switch (command.kind) {
    case 'REVIEW':
      return '/tune'
    case 'APPLY':
      return ['/tune apply', command.mode === 'ALL' ? 'all' : command.mode && 'safe'].filter(Boolean).join(' ')
    case 'ROLLBACK':
      return ['/tune rollback', command.toVersion].filter(Boolean).join(' ')
    default:
      return `/tune ${command.kind.toLowerCase()}`
  }
}

async function run(talk: Conversation, command: Command, playbook: PlaybookRow): Promise<Reply | null> {
  switch (command.kind) {
    case 'REVIEW':
      return startReview(talk, playbook)
    case 'APPLY':
      return command.mode === null ? showPending(talk, playbook) : applyPending(talk, playbook, command.mode)
    case 'ROLLBACK':
      return offerRollback(talk, playbook, command.toVersion ?? playbook.version - 1)
    case 'HISTORY':
      return {
        html: await describe(talk.ctx, command.kind, playbook),
        picture: await attachment(talk.ctx, 'history', () => historyPicture(talk.ctx, playbook)),
      }
    default:
      return { html: await describe(talk.ctx, command.kind, playbook) }
  }
}

/** A review that waits reaches everybody by the outbox; one that needs no decision is told here. */
async function startReview({ ctx, outbox, userId, say }: Conversation, playbook: PlaybookRow): Promise<Reply | null> {
  const pending = await findPendingReview(ctx, playbook.id)
  if (pending) {
    await outbox.showAgain(userId, pending.id)
    return { html: 'A review waits for a decision already:' }
  }
  await say(`🔎 Looking at the trades of ${plain(playbook.name)} …`)
  const review = await startPlaybookReview(ctx, playbook.id)
  if (review.status === 'PENDING') return null
  const recommendations = await recommendationsOf(ctx, review.id)
  return { html: reviewMessage({ review, playbook, recommendations }) }
}

async function showPending({ ctx, outbox, userId }: Conversation, playbook: PlaybookRow): Promise<null> {
  const pending = await pendingReview(ctx, playbook)
  await outbox.showAgain(userId, pending.id)
  return null
}

async function applyPending({ ctx }: Conversation, playbook: PlaybookRow, mode: 'ALL' | 'SAFE_ONLY'): Promise<Reply> {
  const pending = await pendingReview(ctx, playbook)
  const decision = await approveRecommendations(ctx, { reviewId: pending.id, mode })
  return { html: `✅ Applied. ${plain(playbook.name)} is at version ${decision.playbook.version} now.` }
}

/** Going back is asked for once more: a number is easily mistyped. */
async function offerRollback({ ctx, userId }: Conversation, playbook: PlaybookRow, toVersion: number): Promise<Reply> {
  const { id: subjectId, name, version } = playbook
  if (toVersion < 1) throw new ConflictError(`Playbook ${name} has no version before ${version}.`)
  if (toVersion === version) throw new ConflictError(`Version ${version} of playbook ${name} is the one in force.`)
  if (!(await findVersion(ctx.db, subjectId, toVersion))) {
    throw new ConflictError(`Playbook ${name} has no version ${toVersion}; /tune history shows those it has.`)
  }
  const buttons = await issueButtons(ctx.db, { userId, subjectId, version }, [
    [{ label: `↩️ Back to version ${toVersion}`, action: 'ROLL_BACK', detail: { toVersion } }],
  ])
  return { html: `${plain(name)} is at version ${version}. Make a new version equal to version ${toVersion}?`, buttons }
}
