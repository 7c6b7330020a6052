/**
 * The number that somebody typed: a decimal comma counts as a point, spaces and the sign of per cent are ignored.
 *
 * @returns null where it is none
 */
export function numberIn(text: string): number | null {
  const plain = text
    .replaceAll(/[\s%]/g, '')
    .replace('−', '-')
    .replace(/^(-?\d*),(\d*)$/, '$1.$2')
  if (plain === '') return null
  const value = Number(plain)
  return Number.isFinite(value) ? value : null
}
