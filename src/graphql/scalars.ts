import { GraphQLError, GraphQLFloat, GraphQLID } from 'graphql'
import { builder } from './builder.ts'

/*
 * The scalars of graphql itself are stricter here. They cannot be replaced: whatever has their names is taken for them.
 */
const { coerceInputLiteral: readFloat } = GraphQLFloat
const { coerceInputLiteral: readId, coerceInputValue: readIdValue } = GraphQLID

/** graphql refuses an infinite number in a variable, but reads the literal 1e999 as one. */
GraphQLFloat.coerceInputLiteral = (node) => {
  const value = readFloat!(node)
  if (!Number.isFinite(value)) throw bad(`${show(value)} is not a finite number.`)
  return value
}

/** What no database can hold is nobody's id: it is looked up, in vain, with the odd character replaced. */
const storable = (id: string): string => id.toWellFormed().replaceAll('\0', '\uFFFD')
GraphQLID.coerceInputValue = (value) => storable(readIdValue(value))
GraphQLID.coerceInputLiteral = (node) => storable(readId!(node)!)

const ISO = /^(\d{4})-(\d{2})-(\d{2})(?:T(\d{2}):(\d{2})(?::(\d{2})(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2}))?$/

builder.scalarType('DateTime', {
  description: 'ISO 8601 date-time in UTC; a date alone means its midnight.',
  serialize: (value) => new Date(value).toISOString() as unknown as Date,
  parseValue: (value) => {
    const date = typeof value === 'string' ? parseDateTime(value) : undefined
    if (!date) throw bad(`${show(value)} is not a date-time. Write it as 2025-05-20T00:00:00Z.`)
    return date
  },
})

builder.scalarType('Parameters', {
  description: 'Object of parameter name to number, booleans as 0 or 1: {"rsi_oversold": 28, "adx_min": 22}.',
  serialize: (value) => value,
  parseValue: (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw bad(`${show(value)} is not an object of parameter name to number.`)
    }
    const parameters = Object.create(null) as Record<string, number>
    for (const [name, number] of Object.entries(value)) {
      const plain = typeof number === 'boolean' ? Number(number) : number
      if (typeof plain !== 'number' || !Number.isFinite(plain)) {
        throw bad(`Parameter ${JSON.stringify(name.slice(0, 64))} is ${show(number)}; it must be a finite number.`)
      }
      parameters[name] = plain
    }
    return parameters
  },
})

builder.scalarType('Float64Base64', {
  description: 'float64 values, little-endian, base64. The fast lane beside [Float!] for thousands of rows.',
  serialize: (value) =>
    Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64') as unknown as Float64Array,
  parseValue: (value) => {
    if (typeof value !== 'string') throw bad(`Packed columns are a base64 string, not ${show(value)}.`)
    const bytes = Buffer.from(value, 'base64')
    if (bytes.toString('base64') !== value) throw bad('Packed columns are not base64: A to Z, a to z, 0 to 9, + and /.')
    if (bytes.length % 8 !== 0 || bytes.length === 0) {
      throw bad(`Packed columns hold ${bytes.length} bytes; that is not a whole number of float64 values.`)
    }
    return new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length))
  },
})

builder.scalarType('JSON', {
  description: "JSON value, used only where the shape is the user's own (hyperparameters, artifacts).",
  serialize: (value) => value,
  parseValue: (value) => value,
})

/** @returns undefined unless the text is a day that exists: JavaScript reads 2024-02-30 as 1 March */
export function parseDateTime(text: string): Date | undefined {
  const parts = ISO.exec(text)
  if (!parts) return undefined
  const [, year, month, day] = parts.map(Number) as [number, number, number, number]
  const calendar = new Date(Date.UTC(year, month - 1, day))
  if (calendar.getUTCMonth() !== month - 1 || calendar.getUTCDate() !== day) return undefined
  const date = new Date(text)
  return Number.isNaN(date.getTime()) ? undefined : date
}

function bad(message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code: 'BAD_USER_INPUT' } })
}

/** A short form of a wrong value: enough to recognise it, never the whole of a hostile one. */
function show(value: unknown): string {
  const text = typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? typeof value)
  return text.length > 40 ? `${text.slice(0, 40)}…` : text
}
