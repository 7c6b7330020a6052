import {
  getNamedType,
  isCompositeType,
  isListType,
  isNonNullType,
  Kind,
  TypeNameMetaFieldDef,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLOutputType,
  type GraphQLSchema,
  type OperationDefinitionNode,
  type SelectionSetNode,
  type ValueNode,
} from 'graphql'
import { refusedQuery } from './document.ts'
import { DECISIONS, LIMITS, LIST_SIZES } from './limits.ts'

type Variables = Readonly<Record<string, unknown>>

/** What a selection asks for, everything below it included, fragments in place of their names. */
interface Weight {
  /** values in the answer */
  cost: number
  depth: number
  fields: number
  /** fields on this level */
  siblings: number
  aliases: number
  directives: number
  decisions: number
}

const NOTHING: Weight = { cost: 0, depth: 0, fields: 0, siblings: 0, aliases: 0, directives: 0, decisions: 0 }

/**
 * Turn a document away that asks for too much, before validation and execution. Each fragment is weighed once for the
 * type and page size it stands in, so that fragments of fragments cost microseconds however large they would become.
 * Every operation is weighed, for all of them are validated; names that do not exist are left to validation.
 *
 * @returns whether other variables could make it heavier; if not, it need not be weighed again
 * @throws GraphQLError QUERY_TOO_COMPLEX that says which limit and what was asked
 */
export function refuseComplex(schema: GraphQLSchema, document: DocumentNode, variables: Variables = {}): boolean {
  if (document.definitions.length > LIMITS.definitions) {
    throw tooComplex('operations and fragments', document.definitions.length, LIMITS.definitions)
  }
  let varies = false
  for (const operation of document.definitions) {
    if (operation.kind !== Kind.OPERATION_DEFINITION) continue
    const root = schema.getRootType(operation.operation)
    if (!root) continue
    const scale = new Scale(schema, document, operation, variables)
    refuseWeight(scale.weigh(operation, root))
    varies ||= scale.readsVariables
  }
  return varies
}

/** Lists inside lists in variables, which later steps would follow by calling themselves. */
export function refuseDeepVariables(variables: unknown): void {
  let level = [variables]
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > LIMITS.variableDepth) throw tooComplex('levels inside variables', depth, LIMITS.variableDepth)
    level = level.flatMap((value) =>
      typeof value === 'object' && value !== null
        ? Object.values(value).filter((inner) => typeof inner === 'object')
        : [],
    )
  }
}

function refuseWeight(weight: Weight): void {
  const limits = [
    ['fields inside each other', weight.depth, LIMITS.depth],
    ['fields on its first level', weight.siblings, LIMITS.rootFields],
    ['aliases', weight.aliases, LIMITS.aliases],
    ['directives', weight.directives, LIMITS.directives],
    ['fields', weight.fields, LIMITS.fields],
    ['decisions', weight.decisions, 1],
    ['values in the answer', weight.cost, LIMITS.cost],
  ] as const
  for (const [what, asked, allowed] of limits) if (asked > allowed) throw tooComplex(what, asked, allowed)
}

function tooComplex(what: string, asked: number, allowed: number): Error {
  const number = Number.isFinite(asked) ? String(asked) : 'endlessly many'
  return refusedQuery(`The document asks for ${number} ${what}; at most ${allowed} are allowed. Ask in parts.`)
}

/** Weighs one operation of a document. */
class Scale {
  /** the size of some list is a variable */
  readsVariables = false
  readonly #schema: GraphQLSchema
  readonly #fragments: Map<string, FragmentDefinitionNode>
  readonly #variables: Variables
  readonly #weighed = new Map<string, Weight>()
  readonly #open = new Set<string>()
  #level = 0

  constructor(schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode, given: Variables) {
    this.#schema = schema
    const fragments = document.definitions.filter((node) => node.kind === Kind.FRAGMENT_DEFINITION)
    this.#fragments = new Map(fragments.map((fragment) => [fragment.name.value, fragment]))
    const defaults = (operation.variableDefinitions ?? []).flatMap(({ variable, defaultValue }) =>
      defaultValue?.kind === Kind.INT ? [[variable.name.value, Number(defaultValue.value)]] : [],
    )
    this.#variables = { ...Object.fromEntries(defaults), ...given }
  }

  weigh(operation: OperationDefinitionNode, root: GraphQLNamedType): Weight {
    const weight = this.#selections(operation.selectionSet, root, LIST_SIZES.other)
    return { ...weight, directives: weight.directives + (operation.directives?.length ?? 0) }
  }

  /** @param pageSize rows of the connection that this is inside of */
  #selections({ selections }: SelectionSetNode, type: GraphQLNamedType | undefined, pageSize: number): Weight {
    const sum = { ...NOTHING }
    // fragments in a row add levels too, and this calls itself for each
    if (++this.#level > 4 * LIMITS.depth) throw tooComplex('levels', this.#level, 4 * LIMITS.depth)
    for (const node of selections) {
      sum.directives += node.directives?.length ?? 0
      if (node.kind === Kind.FIELD) add(sum, this.#field(node, type, pageSize))
      else if (node.kind === Kind.FRAGMENT_SPREAD) add(sum, this.#fragment(node.name.value, type, pageSize))
      else {
        const inner = node.typeCondition ? this.#schema.getType(node.typeCondition.name.value) : type
        add(sum, this.#selections(node.selectionSet, inner, pageSize))
      }
    }
    this.#level--
    if (sum.siblings > LIMITS.siblings) throw tooComplex('fields side by side', sum.siblings, LIMITS.siblings)
    return sum
  }

  #fragment(name: string, type: GraphQLNamedType | undefined, pageSize: number): Weight {
    const fragment = this.#fragments.get(name)
    if (!fragment) return NOTHING
    const key = `${pageSize} ${name}`
    if (this.#open.has(name)) throw refusedQuery('A fragment leads back to itself. Write out how deep it should go.')
    let weight = this.#weighed.get(key)
    if (!weight) {
      this.#open.add(name)
      const own = this.#schema.getType(fragment.typeCondition.name.value) ?? type
      const inner = this.#selections(fragment.selectionSet, own, pageSize)
      weight = { ...inner, directives: inner.directives + (fragment.directives?.length ?? 0) }
      this.#open.delete(name)
      this.#weighed.set(key, weight)
    }
    return weight
  }

  #field(node: FieldNode, parent: GraphQLNamedType | undefined, pageSize: number): Weight {
    const field = fieldOf(this.#schema, parent, node.name.value)
    const ownSize = field && this.#sizeGiven(field, node)
    const type = field && getNamedType(field.type)
    const inner = node.selectionSet
      ? this.#selections(node.selectionSet, type, ownSize ?? (isPage(parent) ? LIST_SIZES.other : pageSize))
      : NOTHING
    const times = field && isList(field.type) ? sizeOfList(field, ownSize, parent, pageSize) : 1
    return {
      cost: times * (1 + inner.cost),
      depth: 1 + inner.depth,
      fields: 1 + inner.fields,
      siblings: 1,
      aliases: inner.aliases + (node.alias ? 1 : 0),
      directives: inner.directives,
      decisions: inner.decisions + (DECISIONS.includes(node.name.value) ? 1 : 0),
    }
  }

  /** How many rows the arguments of a field ask for; undefined where it takes no such argument. */
  #sizeGiven(field: GraphQLField<unknown, unknown>, node: FieldNode): number | undefined {
    const sizes = SIZES.flatMap((name) => {
      const argument = field.args.find((candidate) => candidate.name === name)
      if (!argument) return []
      const value = node.arguments?.find((given) => given.name.value === name)?.value
      this.readsVariables ||= value?.kind === Kind.VARIABLE
      const size = value?.kind === Kind.VARIABLE ? this.#variables[value.name.value] : numberOf(value)
      const fallback = argument.default && 'value' in argument.default ? argument.default.value : argument.defaultValue
      const rows = typeof size === 'number' ? size : typeof fallback === 'number' ? fallback : undefined
      if (rows !== undefined && name !== 'maxPoints' && rows > LIMITS.pageSize) {
        throw refusedQuery(`${rows} is not a page size; ask for 0 to ${LIMITS.pageSize} rows and page on.`)
      }
      return [rows]
    })
    if (sizes.length === 0) return undefined
    return Math.max(...sizes.map((size) => size ?? 0)) || LIST_SIZES.page
  }
}

/** Arguments that say how long a list may become. */
const SIZES = ['first', 'last', 'maxPoints', 'top'] as const

function add(sum: Weight, part: Weight): void {
  sum.cost += part.cost
  sum.depth = Math.max(sum.depth, part.depth)
  sum.fields += part.fields
  sum.siblings += part.siblings
  sum.aliases += part.aliases
  sum.directives += part.directives
  sum.decisions += part.decisions
}

function fieldOf(
  schema: GraphQLSchema,
  parent: GraphQLNamedType | undefined,
  name: string,
): GraphQLField<unknown, unknown> | undefined {
  if (name === '__typename') return TypeNameMetaFieldDef
  return isCompositeType(parent) ? (schema.getField(parent, name) ?? undefined) : undefined
}

/** The rows of a connection are as many as its arguments say. */
function isPage(type: GraphQLNamedType | undefined): boolean {
  return type?.name.endsWith('Connection') ?? false
}

function sizeOfList(
  field: GraphQLField<unknown, unknown>,
  given: number | undefined,
  parent: GraphQLNamedType | undefined,
  pageSize: number,
): number {
  if (getNamedType(field.type).name.startsWith('__')) return 1 // the schema has one size; graphql limits its depth
  return given ?? (isPage(parent) ? pageSize : LIST_SIZES.other)
}

function isList(type: GraphQLOutputType): boolean {
  return isListType(isNonNullType(type) ? type.ofType : type)
}

function numberOf(value: ValueNode | undefined): number | undefined {
  return value?.kind === Kind.INT ? Number(value.value) : undefined
}
