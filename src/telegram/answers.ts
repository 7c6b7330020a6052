import type { AppContext } from '../context.ts'
import { ConflictError, NotFoundError } from '../errors.ts'
import {
  findAttribution,
  findPendingReview,
  findPlaybook,
  findReview,
  listPlaybooks,
  listVersions,
  recommendationsOf,
} from '../playbook/list.ts'
import { tuningKpis } from '../playbook/results.ts'
import type { PlaybookReviewRow, PlaybookRow } from '../playbook/table.ts'
import { getPlaybook, readPlays } from '../playbook/version.ts'
import type { Command } from './command.ts'
import { chooseMessage, configMessage, historyMessage, statusMessage } from './playbook-messages.ts'
import type { ReviewStory } from './review-message.ts'
import { plain, type Html } from './text.ts'

const VERSIONS_SHOWN = 8
const NAMES_SHOWN = 20

/** The playbook that a command means: the one of this name, or the only one there is. Words where that is not clear. */
export async function playbookOf(ctx: AppContext, name: string, command: string): Promise<PlaybookRow | Html> {
  if (name !== '') {
    const playbook = await findPlaybook(ctx, { name })
    if (!playbook)
      throw new NotFoundError(`playbook named ${name.slice(0, 100)}`, null, '/tune status lists those there are.')
    return playbook
  }
  const all = await listPlaybooks(ctx, { limit: NAMES_SHOWN, inverted: false })
  if (all.length === 0) throw new NotFoundError('playbook', null, 'Create one through the API or the dashboard.')
  return all.length === 1
    ? all[0]
    : chooseMessage(
        all.map((one) => one.name),
        command,
      )
}

/** A review with all that its message needs. */
export async function readStory(ctx: AppContext, reviewId: string): Promise<ReviewStory> {
  const review = await findReview(ctx, reviewId)
  if (!review) throw new NotFoundError('review', reviewId)
  return {
    review,
    playbook: await getPlaybook(ctx, review.playbookId),
    recommendations: await recommendationsOf(ctx, reviewId),
  }
}

/** @throws ConflictError nothing waits */
export async function pendingReview(ctx: AppContext, playbook: PlaybookRow): Promise<PlaybookReviewRow> {
  const pending = await findPendingReview(ctx, playbook.id)
  if (pending) return pending
  throw new ConflictError(`No review of ${playbook.name} waits for a decision. Start one with /tune.`)
}

/** What a command that only reads shows. */
export async function describe(ctx: AppContext, kind: Command['kind'], playbook: PlaybookRow): Promise<Html> {
  if (kind === 'STATUS') {
    const [pending, kpis] = await Promise.all([findPendingReview(ctx, playbook.id), tuningKpis(ctx, playbook.id)])
    return statusMessage(playbook, pending, kpis)
  }
  if (kind === 'CONFIG') return configMessage(playbook, await readPlays(ctx.db, playbook.id, playbook.version))
  const versions = await listVersions(ctx, playbook.id, { limit: VERSIONS_SHOWN, inverted: false })
  const past = versions.map(async (version) => ({ version, attribution: await findAttribution(ctx, version) }))
  return historyMessage(playbook, await Promise.all(past))
}

/** A failure in the words that the service gave it. */
export function failureWords(error: Error): Html {
  return `⚠️ ${plain(error.message, 1000)}`
}
