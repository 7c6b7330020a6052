import type { TaskRunner } from '../../src/models/estimator.ts'

type Functions = Record<string, (data: unknown) => unknown>

/** The compute pool without threads: everything crosses as a clone, one task after the other. */
export const runHere: TaskRunner = async <T>({
  module,
  name,
  data,
}: {
  module: string
  name: string
  data: unknown
}) => {
  const functions = (await import(module)) as Functions
  return structuredClone(functions[name](structuredClone(data))) as T
}

/** As a pool with many threads may do it: all tasks are in flight at once, and the last one finishes first. */
export function runBackwards(): TaskRunner {
  let turn: Promise<unknown> = Promise.resolve()
  const waiting: (() => Promise<void>)[] = []
  return <T>(task: { module: string; name: string; data: unknown }) => {
    const answer = new Promise<T>((resolve, reject) => {
      waiting.push(() => runHere<T>(task).then(resolve, reject))
    })
    turn = turn.then(() => waiting.pop()!())
    return answer
  }
}
