import { pino } from 'pino'
import { type App, openApp } from '../src/app.ts'
import { readConfig } from '../src/config.ts'

/** By what a drill itself makes jobs and looks at what became of them: it takes none up, and says nothing. */
export function openQuiet(environment: Record<string, string | undefined>): Promise<App> {
  return openApp({ ...readConfig(environment), role: 'api' }, pino({ level: 'silent' }))
}
