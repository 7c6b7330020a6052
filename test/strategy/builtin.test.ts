import { describe, expect, test } from 'vitest'
import { Random } from '../../src/engine/random.ts'
import { BUILT_IN_STRATEGIES } from '../../src/strategy/builtin.ts'
import { checkVaried } from '../../src/strategy/parameter-check.ts'
import { bounds, clampToSpace, defaultRow, type ParameterSpec } from '../../src/strategy/parameter-space.ts'
import { compileStrategy } from '../../src/strategy/plan.ts'

describe.each(BUILT_IN_STRATEGIES.map((definition) => [definition.name, definition] as const))(
  '%s',
  (_, definition) => {
    const compiled = compileStrategy(definition)

    test('has a default for every parameter, on the grid of its space and within the constraints', () => {
      const row = defaultRow(definition.parameterSpace)!
      expect(clampToSpace(definition.parameterSpace, row)).toEqual(row)
      expect(compiled.violatedConstraint(row)).toBeNull()
      expect(compiled.bind(row).count).toBe(1)
    })

    test('can be tuned, and says what it does', () => {
      expect(checkVaried(definition.parameterSpace)).toEqual([])
      expect(definition.description!.length).toBeGreaterThan(80)
    })

    test('needs few columns, however many samples there are', () => {
      const random = new Random(1)
      const rows = Array.from({ length: 2000 }, () => randomRow(definition.parameterSpace, random))
      expect(compiled.bind(Float64Array.from(rows.flat())).columns.length).toBeLessThan(100)
    })

    test('trades both sides alike, but for the one that is long only', () => {
      const { enterLong, exitLong, enterShort, exitShort } = definition
      expect([enterLong, exitLong].every(Boolean)).toBe(true)
      expect([enterShort, exitShort].every(Boolean)).toBe(definition.name !== 'rsi-adx-volume')
    })
  },
)

describe('rsi-adx-volume', () => {
  const definition = BUILT_IN_STRATEGIES.find(({ name }) => name === 'rsi-adx-volume')!
  const compiled = compileStrategy(definition)

  test('is the strategy of the documentation', () => {
    expect(definition).toMatchObject({
      enterLong: 'rsi(14) < rsi_oversold and adx(14) > adx_min and volume > volume_multiplier * sma(volume, 20)',
      exitLong: 'rsi(14) > rsi_overbought',
      stopLoss: 'sl',
      takeProfit: 'tp',
    })
  })

  test('warms up for 28 bars: the ADX is first defined at bar 27', () => {
    expect(compiled.warmupBars).toBe(28)
  })

  test('reads four columns for any number of samples', () => {
    const row = defaultRow(definition.parameterSpace)!
    const batch = compiled.bind(Float64Array.from([...row, ...row, ...row]))
    expect(batch.columns).toHaveLength(4)
    expect([...batch.slots]).toEqual([0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3])
  })
})

/** Anywhere within the bounds, on the grid. */
function randomRow(space: readonly ParameterSpec[], random: Random): number[] {
  const draws = space.map((spec) => {
    const { low, high } = bounds(spec)
    return low + random.float() * (high - low)
  })
  return [...clampToSpace(space, draws)]
}
