import type { TelegramUser } from '../config.ts'
import type { AppContext } from '../context.ts'
import type { Viewer } from '../viewer.ts'

/** Who a person is to the services. */
export function viewerOf({ id, roles }: TelegramUser): Viewer {
  return { name: `telegram:${id}`, roles, channel: 'TELEGRAM' }
}

/** The services as this person may use them. */
export function onBehalfOf(ctx: AppContext, user: TelegramUser): AppContext {
  return { ...ctx, viewer: viewerOf(user) }
}
