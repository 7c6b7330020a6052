/** Where a text stops being JSON, and what would have been right there. */
export interface JsonErrorPlace {
  offset: number
  expected: string
}

const SPACE = /[ \t\r\n]*/y
// oxlint-disable-next-line no-control-regex -- JSON allows no control characters in strings
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y
const SIMPLE = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y

/**
 * Read JSON by its grammar up to the first place that breaks it. `JSON.parse` names a position only for some errors.
 *
 * @param text not JSON
 */
export function locateJsonError(text: string): JsonErrorPlace {
  let at = 0
  const skip = (pattern: RegExp): boolean => {
    pattern.lastIndex = at
    if (!pattern.test(text)) return false
    at = pattern.lastIndex
    return true
  }
  const next = (): string => {
    skip(SPACE)
    return text[at] ?? ''
  }
  const take = (character: string): boolean => {
    if (next() !== character) return false
    at++
    return true
  }
  const need = (found: boolean, expected: string): void => {
    if (!found) throw new Misfit({ offset: at, expected })
  }
  const entry = (): void => {
    next()
    need(skip(STRING), 'a name in double quotes')
    need(take(':'), '":"')
    value()
  }
  const list = (item: () => void, close: string): void => {
    if (take(close)) return
    do item()
    while (take(','))
    need(take(close), `"," or "${close}"`)
  }
  const value = (): void => {
    if (take('{')) list(entry, '}')
    else if (take('[')) list(value, ']')
    else
      need(
        skip(STRING) || skip(SIMPLE),
        next() === '"' ? 'a string without line breaks that ends in a quote' : 'a value',
      )
  }
  try {
    value()
    need(next() === '', 'the end of the file')
    return { offset: at, expected: 'something else' }
  } catch (error) {
    if (error instanceof Misfit) return error.place
    throw error
  }
}

class Misfit extends Error {
  readonly place: JsonErrorPlace

  constructor(place: JsonErrorPlace) {
    super()
    this.place = place
  }
}
