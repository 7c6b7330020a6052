import type { Role } from '../viewer.ts'

/**
 * What each act on a playbook takes. The services ask for it, so no door can forget to; the API's fields name it, so
 * that a request is refused before anything is read.
 */
export const NEEDED = {
  CREATE: 'TUNER',
  REVIEW: 'TUNER',
  RECORD: ['BOT', 'ADMIN'],
  DECIDE: 'APPROVER',
  EDIT: 'APPROVER',
  ROLL_BACK: 'APPROVER',
  SETTINGS: ['APPROVER', 'ADMIN'],
} as const satisfies Record<string, Role | readonly Role[]>
