import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** A C source of this folder, compiled for this machine; null where there is no gcc. */
export function compileC(source: string): CProgram | null {
  const folder = mkdtempSync(join(tmpdir(), 'tunebook-bench-'))
  const program = join(folder, 'program')
  const file = fileURLToPath(new URL(source, import.meta.url))
  try {
    execFileSync('gcc', ['-O3', '-march=native', '-ffp-contract=off', '-o', program, file, '-lm'])
  } catch (error) {
    rmSync(folder, { recursive: true })
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
  return new CProgram(folder, program)
}

export class CProgram {
  readonly #folder: string
  readonly #program: string

  constructor(folder: string, program: string) {
    this.#folder = folder
    this.#program = program
  }

  /** Columns to read. @returns the file's path */
  input(...columns: Float64Array[]): string {
    const file = join(this.#folder, 'input')
    writeFileSync(
      file,
      Buffer.concat(
        columns.map(({ buffer, byteOffset, byteLength }) => new Uint8Array(buffer, byteOffset, byteLength)),
      ),
    )
    return file
  }

  /** @returns the JSON that it prints */
  run(...args: string[]): unknown {
    return JSON.parse(execFileSync(this.#program, args, { encoding: 'utf8' }))
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true })
  }
}
