import { lexicographicSortSchema, printSchema } from 'graphql'
import { schema } from '../server/schema.ts'
import { EXIT } from './failure.ts'
import { print } from './output.ts'

/** The API as a schema file. Needs no database. */
export async function printApi(): Promise<number> {
  print(printSchema(lexicographicSortSchema(schema)))
  return EXIT.ready
}
