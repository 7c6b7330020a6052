import { getNullableType, isInputObjectType, isListType, validateInputValue, type GraphQLInputType } from 'graphql'
import { schema } from '../server/schema.ts'
import { nearestName } from '../strategy/nearest.ts'
import { usageFailure } from './failure.ts'
import { isObject, type JsonObject } from './json-file.ts'

/** The names that an input object of the API knows. */
export function inputFields(typeName: string): string[] {
  const type = schema.getType(typeName)
  if (!isInputObjectType(type)) throw new TypeError(`${typeName} is not an input of the API.`)
  return Object.keys(type.getFields())
}

/**
 * Check a value against an input type of the API before anything is sent, so that every slip in a file is named at
 * once and by its place in the file.
 *
 * @param path the file, for messages
 * @throws CliFailure with one line for each problem
 */
export function checkInput(path: string, typeName: string, value: JsonObject): void {
  const type = schema.getType(typeName) as GraphQLInputType
  const problems: string[] = []
  findUnknown(value, type, [], problems)
  validateInputValue(value, type, ({ message }, place) => {
    if (message.includes('not to include unknown field')) return // said better by findUnknown
    problems.push(`${place.join('.')}: ${message.replace(/,? found: .*$/is, '.')}`)
  })
  if (problems.length > 0) throw usageFailure(problems.map((problem) => `${path}: ${problem}`).join('\n'))
}

/** Why a name is not one of those known, with the one that was probably meant. */
export function unknownName(name: string, known: readonly string[]): string {
  const near = nearestName(name, known)
  return `${name} is not known here. ${near ? `Did you mean ${near}?` : `Known are ${known.join(', ')}.`}`
}

function findUnknown(value: unknown, wrapped: GraphQLInputType, place: string[], problems: string[]): void {
  const type = getNullableType(wrapped)
  if (isListType(type) && Array.isArray(value)) {
    value.forEach((item, index) => findUnknown(item, type.ofType, [...place, String(index)], problems))
  }
  if (!isInputObjectType(type) || !isObject(value)) return
  const fields = type.getFields()
  for (const [name, inner] of Object.entries(value)) {
    const field = Object.hasOwn(fields, name) ? fields[name] : undefined
    if (field) findUnknown(inner, field.type, [...place, name], problems)
    else problems.push([...place, unknownName(name, Object.keys(fields))].join('.'))
  }
}
