import { Expression } from '../../components/expression.tsx'
import { SelectField, TextField } from '../../components/field.tsx'
import { percent, span, whole } from '../../format.ts'
import { Prose } from '../../components/prose.tsx'
import { Link } from '../../router.tsx'
import { timeframesFrom } from '../../timeframes.ts'
import { missingShare, REFUSED_SHARE } from '../markets/quality.ts'
import { withMarket, withStrategy, type MarketChoice } from './draft.ts'
import type { PartProps } from './job-form.tsx'

/** What is tuned, on which market. */
export function SubjectFields({ draft, choices, strategy, market, errors, onChange }: PartProps) {
  const { strategies, markets } = choices
  return (
    <fieldset>
      <legend>What</legend>
      <div className="fields wide">
        <SelectField
          label="Strategy"
          value={draft.strategyId}
          error={errors.strategyId}
          options={strategies.nodes.map(({ id, name }) => [id, name] as const)}
          onChange={(id) => onChange(withStrategy(draft, strategies.nodes.find((each) => each.id === id) ?? strategy))}
        />
        <SelectField
          label="Market"
          hint={`${whole(market.candleCount)} candles${market.synthetic ? ', made by a rule, not traded anywhere' : ''}`}
          value={draft.marketId}
          error={errors.marketId}
          options={markets.nodes.map((each) => [each.id, nameOf(each)] as const)}
          onChange={(id) => onChange(withMarket(draft, markets.nodes.find((each) => each.id === id) ?? market))}
        />
        <SelectField
          label="Timeframe"
          hint="A coarser one is made of the market’s own"
          value={draft.timeframe}
          error={errors.timeframe}
          options={timeframesFrom(market.timeframe).map((each) => [each, each] as const)}
          onChange={(timeframe) => onChange({ ...draft, timeframe })}
        />
        <TextField
          label="Name"
          placeholder={`${strategy.name} on ${market.symbol} ${draft.timeframe}`}
          value={draft.name}
          error={errors.name}
          onChange={(name) => onChange({ ...draft, name })}
        />
      </div>
      <div className="about">
        {strategy.description && (
          <p>
            <Prose text={strategy.description} />
          </p>
        )}
        {(strategy.enterLong ?? strategy.enterShort) && (
          <Expression
            text={strategy.enterLong ?? strategy.enterShort ?? ''}
            parameters={strategy.parameterSpace.map(({ name }) => name)}
          />
        )}
        <p>
          <Link to={`/strategies/${strategy.id}`}>All its rules</Link>
        </p>
      </div>
      {missingShare(market) > REFUSED_SHARE && (
        <label className="check">
          <input
            type="checkbox"
            checked={draft.allowGaps}
            onChange={(event) => onChange({ ...draft, allowGaps: event.target.checked })}
          />
          Tune although {percent(missingShare(market))} of the candles are missing
        </label>
      )}
    </fieldset>
  )
}

function nameOf({ symbol, timeframe, exchange, from, to }: MarketChoice): string {
  return `${symbol} ${timeframe}, ${exchange}, ${span({ from, to })}`
}
