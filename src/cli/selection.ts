import { getNamedType, isLeafType, isObjectType, type GraphQLField, type GraphQLObjectType } from 'graphql'

/**
 * Everything that a type tells without being asked for more: all fields that take no arguments, so no lists that are
 * read page by page. Another thing with an id is shown once, and named by its id from there on.
 *
 * @param inside types around this one
 */
export function selectionOf(type: GraphQLObjectType, inside: readonly GraphQLObjectType[] = []): string {
  const around = [...inside, type]
  const fields = Object.values(type.getFields()).flatMap((field) => select(field, around))
  return `{ ${fields.join(' ')} }`
}

function select(field: GraphQLField<unknown, unknown>, around: readonly GraphQLObjectType[]): string[] {
  const type = getNamedType(field.type)
  if (field.args.length > 0) return []
  if (isLeafType(type)) return [field.name]
  if (!isObjectType(type)) return []
  const node = type.getInterfaces().some(({ name }) => name === 'Node')
  if (around.includes(type) || (node && around.length > 1)) return node ? [`${field.name} { id }`] : []
  return [`${field.name} ${selectionOf(type, around)}`]
}
