import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { codegen } from '@graphql-codegen/core'
import * as typedDocuments from '@graphql-codegen/typed-document-node'
import * as operations from '@graphql-codegen/typescript-operations'
import { buildASTSchema, parse } from 'graphql'

const SCHEMA = fileURLToPath(new URL('../schema.graphql', import.meta.url))
const DOCUMENTS = fileURLToPath(new URL('graphql/', import.meta.url))
const GENERATED = fileURLToPath(new URL('generated/', import.meta.url))

const CONFIG = {
  enumsAsTypes: true,
  useTypeImports: true,
  dedupeFragments: true,
  inputMaybeValue: 'T | null | undefined',
  scalars: {
    ID: 'string',
    DateTime: 'string',
    Parameters: 'Record<string, number>',
    JSON: 'unknown',
    Float64Base64: 'string',
  },
}

/**
 * Write web/generated/graphql.ts: every operation of web/graphql with the types of its variables and its answer, from
 * the schema that the code serves. A field that is not there stops the build.
 */
export async function generate(): Promise<void> {
  const schema = parse(readFileSync(SCHEMA, 'utf8'))
  const names = readdirSync(DOCUMENTS).filter((name) => name.endsWith('.graphql'))
  const text = await codegen({
    filename: 'graphql.ts',
    schema,
    schemaAst: buildASTSchema(schema),
    documents: names
      .sort()
      .map((name) => ({ location: name, document: parse(readFileSync(DOCUMENTS + name, 'utf8')) })),
    config: CONFIG,
    plugins: [{ operations: {} }, { typedDocuments: {} }],
    pluginMap: { operations, typedDocuments },
  })
  mkdirSync(GENERATED, { recursive: true })
  writeFileSync(`${GENERATED}graphql.ts`, `// Written by web/codegen.ts from schema.graphql and web/graphql.\n${text}`)
}

if (import.meta.main) await generate()
