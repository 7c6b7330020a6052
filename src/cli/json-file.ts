import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { usageFailure } from './failure.ts'
import { locateJsonError } from './json-error.ts'

export type JsonObject = Record<string, unknown>

/**
 * The object in a JSON file.
 *
 * @throws CliFailure no such file; not JSON, with line and column; not an object
 */
export function readJsonObject(path: string): JsonObject {
  const text = readText(path)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    const { offset, expected } = locateJsonError(text)
    const before = text.slice(0, offset).split('\n')
    throw usageFailure(`${path}:${before.length}:${before.at(-1)!.length + 1}: not JSON: ${expected} expected here.`)
  }
  if (!isObject(value)) throw usageFailure(`${path}: a JSON object is expected: { "strategy": …, "market": … }.`)
  return value
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Why a file cannot be read, as a person would say it. */
export function fileProblem(path: string, error: NodeJS.ErrnoException): Error {
  if (error.code === 'ENOENT')
    return usageFailure(
      `There is no file ${resolve(path)}. Give its path from the folder you are in, or the whole one.`,
    )
  if (error.code === 'EISDIR') return usageFailure(`${path} is a folder; name a file in it.`)
  if (error.code === 'EACCES') return usageFailure(`${path} may not be read by this user.`)
  return error
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8').replace(/^\u{feff}/u, '')
  } catch (error) {
    throw fileProblem(path, error as NodeJS.ErrnoException)
  }
}
