import { spawnSync } from 'node:child_process'

/** A Python that knows all of `modules`, or undefined: the tests that compare with them are then skipped. */
export function findPython(...modules: string[]): string | undefined {
  const imports = `import ${modules.join(', ')}`
  return ['python3', '/usr/bin/python3'].find((python) => spawnSync(python, ['-c', imports]).status === 0)
}

/** Run a script. @returns what it wrote. @throws Error with what it complained about */
export function runPython(python: string, script: string, args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(python, ['-c', script, ...args], { encoding: 'utf8' })
  if (status !== 0) throw new Error(stderr)
  return stdout
}
