import { sql } from 'drizzle-orm'
import type { AppContext } from '../context.ts'

const ANSWER_WITHIN_MS = 2000

/** Whether requests can be served: the database answers. */
export async function isReady(ctx: Pick<AppContext, 'db'>): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<boolean>()
  const timer = setTimeout(() => resolve(false), ANSWER_WITHIN_MS)
  const answered = ctx.db.execute(sql`select 1`).then(
    () => true,
    () => false,
  )
  const ready = await Promise.race([answered, late])
  clearTimeout(timer)
  return ready
}
