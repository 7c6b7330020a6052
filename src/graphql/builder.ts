import SchemaBuilder from '@pothos/core'
import ErrorsPlugin from '@pothos/plugin-errors'
import RelayPlugin from '@pothos/plugin-relay'
import type { AppContext } from '../context.ts'
import { typeOfId } from '../ids.ts'

/** What the `schema.ts` files of the nouns build with. */
export const builder = new SchemaBuilder<{
  Context: AppContext
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
  plugins: [ErrorsPlugin, RelayPlugin],
  defaultFieldNullability: false,
  errors: { directResult: true, defaultTypes: [] },
  relay: {
    encodeGlobalID: (_, id) => String(id),
    // The id of nothing is looked for among the markets, in vain: the plugin insists on a type.
    decodeGlobalID: (id) => ({ typename: typeOfId(id) ?? 'Market', id }),
    nodesOnConnection: true,
    nodeFieldOptions: { nullable: false },
    nodeQueryOptions: { description: 'Anything that has an id, by its id. Null where there is no such thing.' },
    nodesQueryOptions: false,
    edgesFieldOptions: { nullable: false },
    nodesFieldOptions: { nullable: false },
    pageInfoFieldOptions: { nullable: false },
    cursorFieldOptions: { nullable: false },
    nodeTypeOptions: { description: 'Anything that can be fetched again by its id.' },
  },
})

builder.queryType({})
builder.mutationType({})
builder.subscriptionType({})

builder.globalConnectionField('totalCount', (t) =>
  t.int({ description: 'Rows on all pages together.', resolve: (connection) => connection.totalCount() }),
)
