import { sql } from 'drizzle-orm'
import { findReview, recommendationsOf } from '../playbook/list.ts'
import type { AppContext } from '../context.ts'
import { findVersion, getPlaybook } from '../playbook/version.ts'
import { getTuningJob } from '../tuning/service.ts'
import type { WebhookEvent } from './table.ts'

/** Older things are no news, as when a webhook is set up. */
const NEWS_MINUTES = 60

/** Something that has happened; `subjectId` names it once and for all. */
export interface News {
  event: WebhookEvent
  subjectId: string
}

/** What has happened lately and has not been handed to the queue: finished jobs, reviews, versions after the first. */
export async function findNews(ctx: AppContext): Promise<News[]> {
  const since = sql`now() - ${NEWS_MINUTES}::integer * interval '1 minute'`
  const found = ctx.db
    .select({ event: sql<WebhookEvent>`news.event`, subjectId: sql<string>`news.subject_id` })
    .from(
      sql`(
        select 'job.finished' as event, id || ':' || attempt as subject_id, finished_at as at from tuning_jobs
          where status in ('COMPLETED', 'FAILED') and finished_at > ${since}
        union all
        select 'review.created', id, created_at from playbook_reviews where status <> 'EMPTY' and created_at > ${since}
        union all
        select 'change.applied', playbook_id || ':' || version, created_at from playbook_versions
          where version > 1 and created_at > ${since}
      ) as news`,
    )
    .where(
      sql`not exists (select 1 from webhook_events as sent where sent.event = news.event and sent.subject_id = news.subject_id)`,
    )
    .orderBy(sql`news.at`)
    .limit(100)
  return found
}

/** What the receiver is told: ids to ask the API by, and the figures that decide whether to. */
export async function dataOf(ctx: AppContext, { event, subjectId }: News): Promise<Record<string, unknown>> {
  if (event === 'job.finished') return jobData(ctx, subjectId.split(':')[0])
  if (event === 'review.created') return reviewData(ctx, subjectId)
  const [playbookId, version] = subjectId.split(':')
  return changeData(ctx, playbookId, Number(version))
}

async function jobData(ctx: AppContext, id: string) {
  const { name, status, score, productionReady, error, result } = await getTuningJob(ctx, id)
  const explanation = result?.readiness.explanation ?? null
  return { jobId: id, name, status, score, productionReady, explanation, error: error?.message ?? null }
}

async function reviewData(ctx: AppContext, reviewId: string) {
  const review = (await findReview(ctx, reviewId))!
  const { name } = await getPlaybook(ctx, review.playbookId)
  const recommendations = (await recommendationsOf(ctx, reviewId)).map(
    ({ id, regime, parameter, strategy, current, recommended, risk, confidence }) => ({
      id,
      regime,
      parameter,
      strategy,
      current,
      recommended,
      risk,
      confidence,
    }),
  )
  const { playbookId, baseVersion, status, expiresAt } = review
  return { reviewId, playbookId, playbook: name, baseVersion, status, expiresAt, recommendations }
}

async function changeData(ctx: AppContext, playbookId: string, number: number) {
  const { version, origin, author, reviewId, changes } = (await findVersion(ctx.db, playbookId, number))!
  const { name } = await getPlaybook(ctx, playbookId)
  return { playbookId, playbook: name, version, origin, author, reviewId, changes }
}
