import { randomUUID } from 'node:crypto'
import { lt, sql } from 'drizzle-orm'
import type { WebhookConfig } from '../config.ts'
import type { AppContext } from '../context.ts'
import { Alarm } from '../events/alarm.ts'
import { PLAYBOOK_TOPIC, REVIEW_TOPIC } from '../playbook/version.ts'
import type { Retries } from '../queue/queue.ts'
import { dataOf, findNews, type News } from './news.ts'
import { post, type WebhookMessage } from './post.ts'
import { webhookEvents } from './table.ts'

export const WEBHOOK_QUEUE = 'webhook'
/** Announcements tell of reviews and playbooks at once; jobs, and what no announcement told, are looked for. */
const LOOK_MS = 5000
const KEPT_DAYS = 30

/** A receiver that is away for two days gets everything: 2 s, 4 s, … and then once an hour. */
const PATIENCE = { retryLimit: 55, retryDelay: 2, retryDelayMax: 3600 }

/**
 * Tell the configured address what happens: each thing is found in the tables, written down as told and handed to the
 * queue in one transaction, and the queue delivers it until it is taken.
 *
 * @param patience how the queue tries again
 * @returns call it to stop looking; the queue stops by itself
 */
export async function startWebhook(
  ctx: AppContext,
  config: WebhookConfig,
  patience: Retries = {},
): Promise<() => Promise<void>> {
  await ctx.queue.declare(WEBHOOK_QUEUE, { ...PATIENCE, ...patience })
  await ctx.queue.work<WebhookMessage>(
    WEBHOOK_QUEUE,
    async ({ data, signal }) => {
      try {
        await post(config, data, Date.now(), signal)
      } catch (error) {
        ctx.log.warn({ reason: (error as Error).message, id: data.id }, 'a webhook message was not taken')
        throw error
      }
    },
    async ({ id, event }) => ctx.log.error({ id, event }, 'a webhook message was given up'),
  )
  return look(ctx)
}

function look(ctx: AppContext): () => Promise<void> {
  const alarm = new Alarm()
  const topics = [REVIEW_TOPIC, PLAYBOOK_TOPIC].map((topic) => ctx.events.subscribe(topic))
  const listening = topics.map(async (ids) => {
    for await (const _ of ids) alarm.ring()
  })
  const stopping = new AbortController()
  const looking = (async () => {
    while (!stopping.signal.aborted) {
      try {
        for (const news of await findNews(ctx)) await hand(ctx, news)
        await ctx.db
          .delete(webhookEvents)
          .where(lt(webhookEvents.createdAt, sql`now() - ${KEPT_DAYS}::integer * interval '1 day'`))
      } catch (error) {
        ctx.log.warn({ reason: (error as Error).message }, 'webhook messages wait')
      }
      if (!stopping.signal.aborted) await alarm.wait(LOOK_MS)
    }
  })()
  return async () => {
    stopping.abort()
    alarm.ring()
    for (const ids of topics) await ids.return?.()
    await Promise.all([looking, ...listening])
  }
}

/** Of several processes one hands it over. */
async function hand(ctx: AppContext, news: News): Promise<void> {
  const data = await dataOf(ctx, news)
  await ctx.db.transaction(async (tx) => {
    const [row] = await tx.insert(webhookEvents).values(news).onConflictDoNothing().returning()
    if (!row) return
    const id = randomUUID()
    const message: WebhookMessage = { id, event: news.event, time: row.createdAt.toISOString(), data }
    await ctx.queue.send(tx, WEBHOOK_QUEUE, message, id)
  })
}
