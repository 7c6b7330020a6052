import type { Role } from '../../generated/graphql.ts'

/** Every role with what it may do, in the order of their power. */
export const ROLES: readonly (readonly [role: Role, meaning: string])[] = [
  ['VIEWER', 'reads everything but secrets'],
  ['BOT', 'reports trades, reads its playbook, asks for predictions'],
  ['TUNER', 'also starts jobs and reviews'],
  ['APPROVER', 'also approves and rolls back playbook changes'],
  ['ADMIN', 'manages tokens and settings, tunes, but does not approve'],
]

/** "Viewer, approver". */
export function roleNames(roles: readonly Role[]): string {
  const text = roles.join(', ').toLowerCase()
  return text.charAt(0).toUpperCase() + text.slice(1)
}
