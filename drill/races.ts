import type { Drill } from './drill.ts'
import { decisions } from './race-decisions.ts'
import { expiry } from './race-expiry.ts'
import { Stage } from './race-stage.ts'
import { recording } from './race-trades.ts'
import { caps, edits, rollbacks } from './race-versions.ts'

/**
 * Promises R13 to R18: decisions, edits, rollbacks and reports that meet. Whoever comes first counts, whoever comes
 * later hears of it, and nothing is there twice.
 */
export const races: Drill = async ({ random, report }) => {
  const stage = await Stage.open()
  try {
    const model = await stage.model()
    const kept: boolean[] = []
    const note = (name: string, outcome: { kept: boolean; facts: object }): void => {
      report({ [name]: { kept: outcome.kept, ...outcome.facts } })
      kept.push(outcome.kept)
    }
    note('decisions', await decisions(stage, model, random))
    await stage.replace(0) // hundreds of messages about what follows would tell nobody anything
    note('expiry', await expiry(stage, model, random))
    note('edits', await edits(stage, model))
    note('rollbacks', await rollbacks(stage, model, random))
    note('caps', await caps(stage))
    note('recording', await recording(stage, random))
    return kept.every(Boolean)
  } finally {
    await stage.close()
  }
}
