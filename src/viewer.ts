import { ForbiddenError } from './errors.ts'

/** What somebody may do. A token carries one or more. */
export const ROLES = ['VIEWER', 'BOT', 'TUNER', 'APPROVER', 'ADMIN'] as const
export type Role = (typeof ROLES)[number]

/** The door by which somebody came in. */
export const CHANNELS = ['API', 'DASHBOARD', 'TELEGRAM', 'SCHEDULE', 'CLI'] as const
export type Channel = (typeof CHANNELS)[number]

/** Who is asking. */
export interface Viewer {
  name: string
  roles: readonly Role[]
  channel: Channel
  /** what was shown to sign in: the id of a token, or another name for it; unset for this process itself */
  tokenId?: string
  /** a bot that is bound to one playbook sees no other */
  playbookId?: string
}

/**
 * The roles that may do what asks for a role. An administrator can tune but not approve, and only a bot reports
 * trades: whoever proposes a change, or profits from it, does not decide on it.
 */
const SATISFIED_BY: Record<Role, readonly Role[]> = {
  VIEWER: ['VIEWER', 'TUNER', 'APPROVER', 'ADMIN'],
  BOT: ['BOT'],
  TUNER: ['TUNER', 'APPROVER', 'ADMIN'],
  APPROVER: ['APPROVER'],
  ADMIN: ['ADMIN'],
}

/** Whether the viewer may do what asks for `needed`, or for any of several roles. */
export function allows(viewer: Viewer, needed: Role | readonly Role[]): boolean {
  const roles = typeof needed === 'string' ? [needed] : needed
  return roles.some((role) => SATISFIED_BY[role].some((given) => viewer.roles.includes(given)))
}

/** What a viewer may see, without who it is: where two have equal rights, whatever they read is equal too. */
export function rightsOf({ roles, playbookId }: Viewer): Viewer {
  const own = ROLES.filter((role) => roles.includes(role))
  return { name: 'this viewer', roles: own, channel: 'API', ...(playbookId !== undefined && { playbookId }) }
}

/** @throws ForbiddenError with the role that is missing */
export function requireRole(viewer: Viewer, needed: Role | readonly Role[]): void {
  if (allows(viewer, needed)) return
  const wanted = typeof needed === 'string' ? needed : needed.join(' or ')
  throw new ForbiddenError(`This needs the role ${wanted}; yours: ${viewer.roles.join(', ') || 'none'}.`)
}

/** This process itself, on behalf of whoever may use its home folder. */
export function localViewer(channel: Channel, name = 'local'): Viewer {
  return { name, roles: ROLES, channel }
}
