import { builder } from '../graphql/builder.ts'
import '../graphql/errors.ts'
import '../graphql/scalars.ts'
import '../market/schema.ts'
import '../strategy/schema.ts'
import '../backtest/schema.ts'
import '../models/schema.ts'
import '../tuning/schema.ts'

/** What is served: all nouns together. */
export const schema = builder.toSchema()
