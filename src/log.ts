import { type DestinationStream, type Logger, pino } from 'pino'

/** What must not stand in a log, wherever it came from: passwords in addresses, tokens, what signs others. */
const SECRETS: readonly [RegExp, string][] = [
  [/(\w+:\/\/[^\s/:@"\\]*):[^\s@"\\]+@/g, '$1:…@'],
  [/\b(Bearer|Basic)\s+[\w.~+/=-]+/gi, '$1 …'],
  [/\btb_[\w-]{8,}/g, 'tb_…'],
  [/\b\d{6,}:[\w-]{30,}/g, '…:…'], // a bot's token of Telegram
  [/\beyJ[\w-]+\.[\w-]+\.[\w-]*/g, 'eyJ…'],
  [/("(?:authorization|cookie|password|secret|token|adminToken)":\s*)"(?:[^"\\]|\\.)*"/gi, '$1"…"'],
]

/**
 * The log: a JSON object a line, on standard error; line breaks in values are escaped, secrets are blotted out.
 *
 * @param also further secrets of this process, as they stand in its environment
 */
export function createLog(
  level: string,
  also: readonly (string | undefined)[] = [],
  destination: DestinationStream = pino.destination(2),
): Logger {
  const own = also.filter((secret) => secret !== undefined && secret.length >= 8) as string[]
  return pino({ level, hooks: { streamWrite: (line) => blot(line, own) } }, destination)
}

function blot(line: string, own: readonly string[]): string {
  const known = own.reduce((text, secret) => text.replaceAll(JSON.stringify(secret).slice(1, -1), '…'), line)
  return SECRETS.reduce((text, [pattern, instead]) => text.replaceAll(pattern, instead), known)
}
