import { SelectField, TextField } from '../../components/field.tsx'
import { figure } from '../../format.ts'
import type { Algorithm, Metric, Sampler } from '../../generated/graphql.ts'
import { METRICS, metricOf, objectiveLabel, OBJECTIVES } from '../../metrics.ts'
import { algorithmName, SAMPLER, sentence } from '../../words.ts'
import type { PartProps } from './job-form.tsx'

/** How the space is searched, and what is learned from it. */
export function LearningFields({ draft, choices, errors, onChange }: PartProps) {
  const algorithm = choices.algorithms.find((each) => each.algorithm === draft.algorithm)
  return (
    <fieldset>
      <legend>Search and learning</legend>
      <div className="fields">
        <SelectField
          label="Objective"
          hint={METRICS[metricOf(draft.objective)].meaning}
          value={draft.objective}
          error={errors.objective}
          options={OBJECTIVES.map((each) => [each, objectiveLabel(each)] as const)}
          onChange={(name) => {
            const objective = name as Metric
            const secondaryObjectives = draft.secondaryObjectives.filter((one) => one !== objective)
            onChange({ ...draft, objective, secondaryObjectives })
          }}
        />
        <TextField
          label="Samples"
          hint="Parameter sets that are backtested; 200 is a good start"
          numeric
          value={draft.sampleCount}
          error={errors.sampleCount}
          onChange={(sampleCount) => onChange({ ...draft, sampleCount })}
        />
        <SelectField
          label="Sampler"
          value={draft.sampler}
          error={errors.sampler}
          options={Object.entries(SAMPLER)}
          onChange={(sampler) => onChange({ ...draft, sampler: sampler as Sampler })}
        />
        <TextField
          label="Seed"
          hint="The same seed gives the same result"
          numeric
          value={draft.seed}
          error={errors.seed}
          onChange={(seed) => onChange({ ...draft, seed })}
        />
        <SelectField
          label="Algorithm"
          hint={algorithm?.description}
          value={draft.algorithm}
          error={errors.algorithm}
          options={choices.algorithms.map((each) => [each.algorithm, algorithmName(each.algorithm)] as const)}
          onChange={(name) => onChange({ ...draft, algorithm: name as Algorithm, hyperparameters: {} })}
        />
        <TextField
          label="Placebo runs"
          hint="Tunings of markets without structure, to hold the result against; 0 switches them off, and then the job cannot be ready"
          numeric
          placeholder="automatic"
          value={draft.placeboRuns}
          error={errors.placeboRuns}
          onChange={(placeboRuns) => onChange({ ...draft, placeboRuns })}
        />
      </div>
      <details>
        <summary>
          {draft.secondaryObjectives.length === 0
            ? 'Watch other figures too'
            : `Also watched: ${draft.secondaryObjectives.map(objectiveLabel).join(', ')}`}
        </summary>
        <div className="fields">
          {OBJECTIVES.filter((each) => each !== draft.objective).map((each) => (
            <label key={each} className="check">
              <input
                type="checkbox"
                checked={draft.secondaryObjectives.includes(each)}
                onChange={({ target: { checked } }) => {
                  const others = draft.secondaryObjectives.filter((one) => one !== each)
                  onChange({ ...draft, secondaryObjectives: checked ? [...others, each] : others })
                }}
              />
              {objectiveLabel(each)}
            </label>
          ))}
        </div>
        {errors.secondaryObjectives && <p className="field-error">{errors.secondaryObjectives}</p>}
      </details>
      {algorithm && algorithm.hyperparameters.length > 0 && (
        <details>
          <summary>Fine-tune the algorithm</summary>
          <div className="fields">
            {algorithm.hyperparameters.map(({ name, description, default: usual, min, max }) => (
              <TextField
                key={name}
                label={sentence(name)}
                hint={`${description} ${rangeText(min, max)}`}
                numeric
                placeholder={usual === null ? 'automatic' : String(usual)}
                value={draft.hyperparameters[name] ?? ''}
                error={errors[`hyperparameters.${name}`]}
                onChange={(text) => onChange({ ...draft, hyperparameters: { ...draft.hyperparameters, [name]: text } })}
              />
            ))}
          </div>
        </details>
      )}
    </fieldset>
  )
}

function rangeText(min: number | null, max: number | null): string {
  return min === null || max === null ? '' : `${figure(min, 6)} to ${figure(max, 6)}.`
}
