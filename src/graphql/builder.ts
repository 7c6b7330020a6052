import SchemaBuilder from '@pothos/core'
import ErrorsPlugin from '@pothos/plugin-errors'
import RelayPlugin from '@pothos/plugin-relay'
import ScopeAuthPlugin from '@pothos/plugin-scope-auth'
import type { AppContext } from '../context.ts'
import { ForbiddenError, UnauthenticatedError } from '../errors.ts'
import { typeOfId } from '../ids.ts'
import { allows, type Role, type Viewer } from '../viewer.ts'

/** What the `schema.ts` files of the nouns build with. */
export const builder = new SchemaBuilder<{
  Context: AppContext
  AuthScopes: { role: Role | readonly Role[] }
  Connection: { totalCount: () => Promise<number> }
  DefaultFieldNullability: false
  DefaultEdgesNullability: false
  DefaultNodeNullability: false
  DefaultInputFieldRequiredness: false
  Scalars: {
    ID: { Input: string; Output: string }
    DateTime: { Input: Date; Output: Date }
    Parameters: { Input: Record<string, number>; Output: Record<string, number> }
    Float64Base64: { Input: Float64Array; Output: Float64Array }
    JSON: { Input: unknown; Output: unknown }
  }
}>({
  plugins: [ScopeAuthPlugin, ErrorsPlugin, RelayPlugin],
  // Every root field says who may use it; src/server/schema.ts refuses to serve one that does not.
  scopeAuth: {
    authScopes: ({ viewer }) => ({ role: (role) => allows(viewer, role) }),
    cacheKey: String,
    authorizeOnSubscribe: true,
    unauthorizedError: (_, { viewer }, { parentType, fieldName }) =>
      notAllowed(viewer, `${parentType.name}.${fieldName}`),
  },
  defaultFieldNullability: false,
  errors: { directResult: true, defaultTypes: [] },
  relay: {
    encodeGlobalID: (_, id) => String(id),
    // The id of nothing is looked for among the markets, in vain: the plugin insists on a type.
    decodeGlobalID: (id) => ({ typename: typeOfId(id) ?? 'Market', id }),
    nodesOnConnection: true,
    nodeFieldOptions: { nullable: false },
    nodeQueryOptions: {
      authScopes: { role: 'VIEWER' },
      description: 'Anything that has an id, by its id. Null where there is no such thing.',
    },
    nodesQueryOptions: false,
    edgesFieldOptions: { nullable: false },
    nodesFieldOptions: { nullable: false },
    pageInfoFieldOptions: { nullable: false },
    cursorFieldOptions: { nullable: false },
    nodeTypeOptions: { description: 'Anything that can be fetched again by its id.' },
  },
})

function notAllowed({ name, roles }: Viewer, field: string): Error {
  if (roles.length === 0) return new UnauthenticatedError()
  return new ForbiddenError(`${field} needs another role than those of ${name} (${roles.join(', ')}).`)
}

builder.queryType({})
builder.mutationType({})
builder.subscriptionType({})

builder.globalConnectionField('totalCount', (t) =>
  t.int({ description: 'Rows on all pages together.', resolve: (connection) => connection.totalCount() }),
)
