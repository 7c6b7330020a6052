import type { AppContext } from '../context.ts'
import { ConflictError, DomainError, ForbiddenError, NotFoundError } from '../errors.ts'
import { approveRecommendations, expireReviews, rejectRecommendations } from '../playbook/decide.ts'
import { NEEDED } from '../playbook/roles.ts'
import { rollbackPlaybook } from '../playbook/service.ts'
import { requireRole } from '../viewer.ts'
import { readStory } from './answers.ts'
import type { Outbox } from './outbox.ts'
import { isDecision } from './press.ts'
import { reviewKeyboard, reviewMessage, type ReviewStory } from './review-message.ts'
import type { TelegramButtonRow } from './table.ts'
import { stepsOf, walkPage } from './walk.ts'

/** Where a button was pressed. */
export interface Place {
  userId: string
  messageId: number
}

/** What the person is told at once; an alert has to be closed by hand. */
export interface PressAnswer {
  text: string
  alert: boolean
}

/** Telegram takes 200 characters. */
const LONGEST_ANSWER = 200

/** Do what a button says. It is used up already. */
export async function press(
  ctx: AppContext,
  outbox: Outbox,
  button: TelegramButtonRow,
  place: Place,
): Promise<PressAnswer> {
  try {
    if (isDecision(button.action)) requireRole(ctx.viewer, NEEDED.DECIDE) // also where it only turns the page
    if (button.action === 'ROLL_BACK') return said(await rollBack(ctx, button))
    const story = await readStory(ctx, button.subjectId)
    if (story.review.baseVersion !== button.version) throw new ConflictError('This button belongs to another version.')
    return isFinal(button) ? said(await decide(ctx, button)) : await turnPage(outbox, button, place, story)
  } catch (error) {
    if (!(error instanceof DomainError)) throw error
    await repair(ctx, outbox, button, place, error)
    return { text: clip(error.message), alert: true }
  }
}

const said = (text: string): PressAnswer => ({ text: clip(text), alert: false })

function clip(text: string): string {
  return text.length > LONGEST_ANSWER ? `${text.slice(0, LONGEST_ANSWER - 1)}…` : text
}

/** TAKE only turns the page; the decision is made at the end. */
function isFinal({ action }: TelegramButtonRow): boolean {
  return isDecision(action) && action !== 'TAKE'
}

async function decide(ctx: AppContext, { action, subjectId: reviewId, detail }: TelegramButtonRow): Promise<string> {
  if (action === 'REJECT') {
    await rejectRecommendations(ctx, { reviewId })
    return 'Rejected.'
  }
  const { playbook } = await approveRecommendations(ctx, {
    reviewId,
    mode: action === 'APPLY_ALL' ? 'ALL' : action === 'SAFE_ONLY' ? 'SAFE_ONLY' : 'SELECTED',
    recommendationIds: detail.taken ?? [],
  })
  return `Applied. ${playbook.name} is at version ${playbook.version} now.`
}

async function rollBack(ctx: AppContext, { subjectId: id, version, detail }: TelegramButtonRow): Promise<string> {
  const toVersion = detail.toVersion ?? 0
  const playbook = await rollbackPlaybook(ctx, { id, toVersion, expectedVersion: version })
  return `${playbook.name} is at version ${playbook.version} now, which is version ${toVersion} again.`
}

async function turnPage(
  outbox: Outbox,
  { action, detail }: TelegramButtonRow,
  { userId, messageId }: Place,
  story: ReviewStory,
): Promise<PressAnswer> {
  const { status, decidedBy } = story.review
  if (status !== 'PENDING') {
    throw new ConflictError(`This review is ${status}${decidedBy === null ? '' : `, decided by ${decidedBy}`}.`)
  }
  if (action === 'BACK') {
    await outbox.showIn(userId, messageId, reviewMessage(story), story, reviewKeyboard(story))
    return said('')
  }
  const page = walkPage(story, action === 'WALK' ? {} : detail)
  await outbox.showIn(userId, messageId, page.html, story, page.keyboard)
  const isOver = (detail.step ?? 0) >= stepsOf(story.recommendations).length
  return said(isOver && action !== 'WALK' ? 'That was the last one.' : '')
}

/** A press that came to nothing leaves a message that tells how things stand, with buttons that work. */
async function repair(
  ctx: AppContext,
  outbox: Outbox,
  { action, subjectId }: TelegramButtonRow,
  { userId, messageId }: Place,
  error: DomainError,
): Promise<void> {
  if (action === 'ROLL_BACK' || error instanceof NotFoundError) return
  if (error instanceof ConflictError) await expireReviews(ctx)
  const story = await readStory(ctx, subjectId)
  if (story.review.status === 'PENDING' || error instanceof ForbiddenError) {
    await outbox.showIn(userId, messageId, reviewMessage(story), story, reviewKeyboard(story))
  }
}
