import { DomainError } from '../errors.ts'

/** How a command ends. */
export const EXIT = {
  ready: 0,
  failed: 1,
  /** the command line or the file it names is not usable */
  usage: 2,
  /** the job finished, and its result is not production-ready */
  notReady: 3,
  /** Ctrl-C */
  interrupted: 130,
} as const

/** A failure that the person at the terminal can act on: its message is all that is shown. */
export class CliFailure extends Error {
  readonly exitCode: number

  constructor(message: string, exitCode: number = EXIT.failed) {
    super(message)
    this.exitCode = exitCode
  }
}

/** The API was not reached, or no longer: trying again may help. */
export class ConnectionLost extends CliFailure {}

export function usageFailure(message: string): CliFailure {
  return new CliFailure(message, EXIT.usage)
}

/** What to print for anything that was thrown; a stack only for a bug of ours, and only when asked. */
export function explain(error: unknown): { message: string; exitCode: number } {
  if (error instanceof CliFailure) return { message: error.message, exitCode: error.exitCode }
  if (error instanceof DomainError) return { message: error.message, exitCode: EXIT.failed }
  const { message, stack } = error instanceof Error ? error : new Error(String(error))
  const debug = process.env.LOG_LEVEL === 'debug' || process.env.LOG_LEVEL === 'trace'
  const detail = debug ? `\n${stack}` : ' (LOG_LEVEL=debug shows where)'
  return { message: `Unexpected error: ${message.split('\n', 1)[0]}${detail}`, exitCode: EXIT.failed }
}
