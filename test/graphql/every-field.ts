import { getNamedType, isLeafType, isObjectType, type GraphQLField, type GraphQLObjectType } from 'graphql'
import { schema } from '../../src/server/schema.ts'

/**
 * A selection of every field of a type, and of what it leads to, each type at most once on a way down.
 *
 * @param leaveOut fields by `Type.field`
 */
export function everyField(typeName: string, leaveOut: readonly string[] = []): string {
  const select = (type: GraphQLObjectType, above: readonly string[]): string => {
    const fields = Object.values(type.getFields()).flatMap((field) => {
      if (leaveOut.includes(`${type.name}.${field.name}`) || needsArguments(field)) return []
      const target = getNamedType(field.type)
      if (isLeafType(target)) return [field.name]
      if (!isObjectType(target) || above.includes(target.name)) return []
      const below = select(target, [...above, target.name])
      return below ? [`${field.name} ${below}`] : []
    })
    return fields.length > 0 ? `{ ${fields.join(' ')} }` : ''
  }
  return select(schema.getType(typeName) as GraphQLObjectType, [typeName])
}

function needsArguments({ args }: GraphQLField<unknown, unknown>): boolean {
  return args.some(
    ({ type, defaultValue, default: given }) =>
      String(type).endsWith('!') && defaultValue === undefined && given === undefined,
  )
}
