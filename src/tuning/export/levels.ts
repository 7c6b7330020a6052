import { valueOf } from '../../strategy/expression.ts'
import { toRow } from '../../strategy/parameter-space.ts'
import { LEVELS, readStrategy, type Level, type StrategyDefinition } from '../../strategy/strategy.ts'
import type { Parameters } from '../job.ts'

/** What the stops, the target and the leverage of a strategy come to with these parameters; null where it has none. */
export function levelsOf(strategy: StrategyDefinition, parameters: Parameters): Record<Level, number | null> {
  const { levels } = readStrategy(strategy)
  const row = toRow(strategy.parameterSpace, parameters)
  const values = LEVELS.map((level) => [level, levels[level] && valueOf(levels[level], row)])
  return Object.fromEntries(values) as Record<Level, number | null>
}

/** Parameters as other tools write them: a BOOLEAN is true or false, not 1 or 0. */
export function typedParameters(
  { parameterSpace }: StrategyDefinition,
  parameters: Parameters,
): Record<string, number | boolean> {
  const entries = parameterSpace.map(({ name, distribution }): [string, number | boolean] => [
    name,
    distribution === 'BOOLEAN' ? parameters[name] !== 0 : parameters[name],
  ])
  return Object.fromEntries(entries)
}
