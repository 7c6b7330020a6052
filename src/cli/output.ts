import { styleText } from 'node:util'

/** The result of a command: standard output. */
export function print(text = ''): void {
  process.stdout.write(`${text}\n`)
}

/** What happens meanwhile and what went wrong: standard error. */
export function say(text: string): void {
  process.stderr.write(`${text}\n`)
}

/** Colour where standard output is a terminal that wants it (NO_COLOR is honoured). */
export function paint(style: Parameters<typeof styleText>[0], text: string): string {
  return styleText(style, text, { stream: process.stdout })
}
