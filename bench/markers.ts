import { readFileSync, writeFileSync } from 'node:fs'

/**
 * Replace what stands between `<!-- name -->` and `<!-- /name -->`: figures in texts come from a command.
 *
 * @throws Error where the file has lost its markers
 */
export function writeBetween(file: URL, name: string, text: string): void {
  const [begin, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`]
  const old = readFileSync(file, 'utf8')
  const [from, to] = [old.indexOf(begin), old.indexOf(end)]
  if (from < 0 || to < from) throw new Error(`${file.pathname} has no ${begin} … ${end} to write between.`)
  writeFileSync(file, [old.slice(0, from) + begin, text, old.slice(to)].join('\n'))
}
