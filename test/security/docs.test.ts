import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { fieldMatrix, typeMatrix } from './matrix.ts'

const text = readFileSync(fileURLToPath(new URL('../../docs/security.md', import.meta.url)), 'utf8')

/** A table as it stands between its marks, whatever the width of its columns. */
function tableAt(mark: string): string[] {
  const part = text.split(`<!-- ${mark} -->`)[1]?.split(`<!-- end of ${mark} -->`)[0] ?? ''
  return rows(part.trim())
}

function rows(table: string): string[] {
  return table.split('\n').map((line) => line.replaceAll(/\s+/g, ' ').replaceAll(/-{3,}/g, '---'))
}

test('docs/security.md shows the rights that the schema gives', () => {
  expect(tableAt('matrix')).toEqual(rows(fieldMatrix()))
  expect(tableAt('types')).toEqual(rows(typeMatrix()))
})

/** What each line of the list between the marks says where it is tested, by number. */
function placesAt(mark: string): Map<string, string> {
  const lines = tableAt(mark).slice(2)
  return new Map(
    lines.flatMap((line) => {
      const [, numbers, , where] = line.split('|').map((cell) => cell.trim())
      return numbers.split(', ').map((number) => [number, where] as const)
    }),
  )
}

test.each([
  ['attacks', 'S', 40],
  ['promises', 'R', 29],
])('docs/security.md says of each of the %s where it is tested, and what it names is there', (mark, letter, count) => {
  const places = placesAt(mark)
  expect([...places.keys()].toSorted(byNumber)).toEqual(Array.from({ length: count }, (_, at) => `${letter}${at + 1}`))
  const root = fileURLToPath(new URL('../..', import.meta.url))
  const named = [...places.values()].flatMap((where) => [...where.matchAll(/`(?:(drill) )?([\w./-]+)`/g)])
  const files = named.map(([, drill, name]) => (drill ? `drill/${name}.ts` : name)).filter((name) => name.includes('/'))
  expect(files.length).toBeGreaterThan(10)
  expect(files.filter((file) => !existsSync(join(root, file)))).toEqual([])
})

function byNumber(a: string, b: string): number {
  return Number(a.slice(1)) - Number(b.slice(1))
}
