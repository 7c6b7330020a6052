import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const COMPILERS = [process.env.CC, 'gcc', 'clang', 'cc'].filter((name) => name !== undefined)

/** A C source of folder c/, compiled for this machine; null where there is no compiler. */
export function compileC(source: string): CProgram | null {
  const folder = mkdtempSync(join(tmpdir(), 'tunebook-bench-'))
  const program = join(folder, 'program')
  const file = fileURLToPath(new URL(`c/${source}`, import.meta.url))
  for (const compiler of COMPILERS) {
    try {
      execFileSync(compiler, ['-O3', '-march=native', '-ffp-contract=off', '-o', program, file, '-lm'])
      return new CProgram(folder, compiler)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
  }
  rmSync(folder, { recursive: true })
  return null
}

/** A compiled program with a folder of its own for what it reads and writes. */
export class CProgram implements Disposable {
  /** the compiler and its version */
  readonly compiler: string
  readonly #folder: string

  constructor(folder: string, compiler: string) {
    this.#folder = folder
    this.compiler = execFileSync(compiler, ['--version'], { encoding: 'utf8' }).split('\n')[0]
  }

  /** Write what it is to read: columns, one behind the other. */
  input(...columns: Float64Array[]): void {
    const bytes = columns.map(({ buffer, byteOffset, byteLength }) => new Uint8Array(buffer, byteOffset, byteLength))
    writeFileSync(join(this.#folder, 'input'), Buffer.concat(bytes))
  }

  /** @param rounds calls in a row @returns CPU ms of each, by its own clock */
  run(rounds = 1): number[] {
    return (this.#call(String(rounds), join(this.#folder, 'output')) as { ms: number[] }).ms
  }

  /** What the last run has written. */
  output(): Float64Array {
    const bytes = readFileSync(join(this.#folder, 'output'))
    return new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength))
  }

  /** @returns the JSON that it prints */
  call(...args: string[]): unknown {
    return this.#call(...args)
  }

  #call(...args: string[]): unknown {
    const file = join(this.#folder, 'input')
    return JSON.parse(execFileSync(join(this.#folder, 'program'), [file, ...args], { encoding: 'utf8' }))
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true })
  }
}
