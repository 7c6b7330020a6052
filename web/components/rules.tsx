import type { RulesFragment } from '../generated/graphql.ts'
import { Expression } from './expression.tsx'

export type Rule = Exclude<keyof RulesFragment, '__typename' | 'constraints'>

/** Every expression of a strategy, in the order of a trade. */
export const RULES: readonly (readonly [rule: Rule, label: string])[] = [
  ['enterLong', 'Enter long'],
  ['exitLong', 'Exit long'],
  ['enterShort', 'Enter short'],
  ['exitShort', 'Exit short'],
  ['stopLoss', 'Stop loss'],
  ['takeProfit', 'Take profit'],
  ['trailingStop', 'Trailing stop'],
  ['leverage', 'Leverage'],
]

/** When a strategy opens and closes, as expressions; rules that it does not have are left out. */
export function Rules({ rules, parameters }: { rules: RulesFragment; parameters: readonly string[] }) {
  const lines = RULES.flatMap(([name, label]) => {
    const text = rules[name]
    return typeof text === 'string' ? [[label, text] as const] : []
  })
  return (
    <dl className="rules">
      {lines.map(([label, text]) => (
        <div key={label}>
          <dt>{label}</dt>
          <dd>
            <Expression text={text} parameters={parameters} />
          </dd>
        </div>
      ))}
      {rules.constraints.length > 0 && (
        <div>
          <dt>Always</dt>
          <dd>
            {rules.constraints.map((text) => (
              <Expression key={text} text={text} parameters={parameters} />
            ))}
          </dd>
        </div>
      )}
    </dl>
  )
}
