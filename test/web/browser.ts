import { existsSync } from 'node:fs'
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core'
import { TEST_TOKEN } from '../helpers.ts'

/** Where Chromium is; tests that need one skip themselves where there is none. */
export const CHROMIUM = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium'
export const hasChromium = existsSync(CHROMIUM)

const FLAGS = [
  '--no-sandbox', // root in a container has no other choice
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

export function launch(): Promise<Browser> {
  return chromium.launch({ executablePath: CHROMIUM, args: FLAGS })
}

/** A page that is signed in and remembers everything a user should never cause: errors in the console, requests to other servers. */
export interface Watched {
  page: Page
  /** What went wrong so far, and forget it. */
  complaints: () => string[]
}

export async function openPage(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
  token = TEST_TOKEN,
): Promise<Watched> {
  const localStorage = [{ name: 'tunebook.token', value: token }]
  const storageState = { cookies: [], origins: [{ origin: url, localStorage }] }
  const context = await browser.newContext({ baseURL: url, locale: 'en-GB', storageState, ...options })
  const page = await context.newPage()
  page.setDefaultTimeout(15_000)
  const complaints: string[] = []
  page.on('console', (line) => {
    if (line.type() === 'error' || line.type() === 'warning') complaints.push(`${line.type()}: ${line.text()}`)
  })
  page.on('pageerror', ({ message }) => complaints.push(`uncaught: ${message}`))
  page.on('request', (request) => {
    if (new URL(request.url()).origin !== new URL(url).origin) complaints.push(`foreign: ${request.url()}`)
  })
  return { page, complaints: () => complaints.splice(0) }
}
