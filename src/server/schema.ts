import { requireClassified } from '../auth/classification.ts'
import { builder } from '../graphql/builder.ts'
import '../graphql/errors.ts'
import '../graphql/scalars.ts'
import '../auth/schema.ts'
import '../market/schema.ts'
import '../strategy/schema.ts'
import '../backtest/schema.ts'
import '../models/schema.ts'
import '../models/mutations.ts'
import '../tuning/replay-types.ts'
import '../tuning/schema.ts'
import '../playbook/schema.ts'

/** What is served: all nouns together. A root field that does not say who may use it stops the start. */
export const schema = requireClassified(builder.toSchema())
