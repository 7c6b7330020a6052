import { readFileSync } from 'node:fs'
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
