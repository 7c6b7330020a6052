import { guardedTypes, rootFields } from '../../src/auth/classification.ts'
import { schema } from '../../src/server/schema.ts'
import { allows, ROLES, type Role } from '../../src/viewer.ts'

/** The rights of every role, as the tables of docs/security.md show them. */
export function fieldMatrix(): string {
  return tableOf('Field', [...rootFields(schema)].toSorted(byName))
}

export function typeMatrix(): string {
  return tableOf('Type', [...guardedTypes(schema)].toSorted(byName))
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1
}

function tableOf(what: string, rows: readonly (readonly [string, readonly Role[] | undefined])[]): string {
  const mark = (needed: readonly Role[] | undefined, role: Role) =>
    needed && allows({ name: '', roles: [role], channel: 'API' }, needed) ? 'yes' : 'no'
  const lines = rows.map(([name, needed]) => [`\`${name}\``, ...ROLES.map((role) => mark(needed, role))])
  const head = [
    [what, ...ROLES],
    ['---', ...ROLES.map(() => '---')],
  ]
  return [...head, ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}
