import { isObjectType, type GraphQLField, type GraphQLObjectType, type GraphQLSchema } from 'graphql'
import type { Role } from '../viewer.ts'

/** Roles any of which may use a root field, or read an object type; undefined where nobody has said. */
type Needed = readonly Role[] | undefined

interface WithScopes {
  extensions: { pothosOptions?: { authScopes?: { role?: Role | readonly Role[] } } }
}

/** The fields by which every request enters, as `Query.market`, with the roles that they ask for. */
export function rootFields(schema: GraphQLSchema): Map<string, Needed> {
  const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()]
  const fields = roots.flatMap((root) => (root ? fieldsOf(root) : []))
  return new Map(fields.map(([name, field]) => [name, neededBy(field)]))
}

/** Object types that ask for a role of their own, wherever they are reached from. */
export function guardedTypes(schema: GraphQLSchema): Map<string, Needed> {
  const types = Object.values(schema.getTypeMap()).filter((type) => isObjectType(type))
  return new Map(types.map((type) => [type.name, neededBy(type)] as const).filter(([, needed]) => needed !== undefined))
}

/** @throws Error that names every root field without authScopes: what nobody has classified is not served */
export function requireClassified(schema: GraphQLSchema): GraphQLSchema {
  const open = [...rootFields(schema)].filter(([, needed]) => needed === undefined).map(([name]) => name)
  if (open.length === 0) return schema
  throw new Error(`Say who may use ${open.join(', ')}: authScopes: { role: 'VIEWER' }, or another role of viewer.ts.`)
}

function fieldsOf(root: GraphQLObjectType): [string, GraphQLField<unknown, unknown>][] {
  return Object.values(root.getFields()).map((field) => [`${root.name}.${field.name}`, field])
}

function neededBy({ extensions }: WithScopes): Needed {
  const role = extensions.pothosOptions?.authScopes?.role
  return typeof role === 'string' ? [role] : role
}
