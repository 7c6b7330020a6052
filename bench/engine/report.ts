/** What is measured, as it comes in: printed, and kept for the file and for the README. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg } from 'node:os'

export type Row = Record<string, unknown>

/** A figure to reach. */
export interface Goal {
  what: string
  value: number
  /** reached at or below, or at or above */
  is: '≤' | '≥'
  goal: number
  unit: string
}

export class Report {
  readonly machine = {
    cpu: cpus()[0].model,
    cores: availableParallelism(),
    node: process.version,
    loadBefore: loadavg()[0],
  }
  readonly sections: Record<string, Row[]> = {}
  readonly goals: Goal[] = []
  readonly notes: string[] = []

  table(name: string, rows: Row[]): void {
    console.log(`\n${name}`)
    console.table(rows)
    this.sections[name] = rows
  }

  note(text: string): void {
    console.log(text)
    this.notes.push(text)
  }

  /** @param value NaN where it could not be measured: then there is nothing to reach */
  goal(what: string, value: number, is: Goal['is'], goal: number, unit: string): void {
    if (!Number.isNaN(value)) this.goals.push({ what, value, is, goal, unit })
  }

  printGoals(): void {
    console.log('\ngoals')
    console.table(
      this.goals.map((goal) => ({
        what: goal.what,
        measured: `${round(goal.value)} ${goal.unit}`,
        goal: `${goal.is} ${goal.goal} ${goal.unit}`,
        reached: isReached(goal) ? 'yes' : 'MISSED',
      })),
    )
  }

  /** @param file of folder bench/results */
  write(file: string): void {
    const folder = new URL('../results/', import.meta.url)
    mkdirSync(folder, { recursive: true })
    const { machine, notes, sections } = this
    const goals = this.goals.map((goal) => ({ ...goal, reached: isReached(goal) }))
    const at = new Date().toISOString()
    const text = JSON.stringify(
      { at, machine: { ...machine, loadAfter: loadavg()[0] }, notes, goals, ...sections },
      null,
      2,
    )
    writeFileSync(new URL(file, folder), `${text}\n`)
  }
}

export function isReached({ value, is, goal }: Goal): boolean {
  return is === '≤' ? value <= goal : value >= goal
}

export function round(value: number, digits = 3): number {
  return Number(value.toPrecision(digits))
}
