import { createReadStream } from 'node:fs'
import { realpath, stat } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { extname, join, sep } from 'node:path'
import { pipeline } from 'node:stream/promises'

const TYPES: Record<string, string> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.wasm': 'application/wasm',
  '.webmanifest': 'application/manifest+json',
  '.woff2': 'font/woff2',
}

/** The page runs only what came with it, and nobody can frame it. Every answer carries them. */
export const SECURITY_HEADERS = {
  'content-security-policy':
    "default-src 'self'; img-src 'self' data: blob:; style-src 'self'; connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
}

/** Vite puts a hash of the content into the names of what it places here. */
const HASHED = '/assets/'

interface Found {
  file: string
  size: number
  etag: string
}

/**
 * Deliver the built dashboard from `root`. A path without a file is a place inside the dashboard and gets its page;
 * one that would leave `root` gets 404.
 */
export async function serveStatic(root: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return send(response, 405, 'Only GET and HEAD are answered here. The API is at /graphql.\n', { allow: 'GET, HEAD' })
  }
  const path = safePath(request.url ?? '/')
  if (path === null) return send(response, 404, 'Not found.\n')
  const page = !extname(path) && (path === '/' || request.headers.accept?.includes('text/html'))
  const found = (await find(root, path)) ?? (page ? await find(root, '/index.html') : null)
  if (found) return deliver(found, path.startsWith(HASHED), request, response)
  if (page) return send(response, 503, NOT_BUILT)
  return send(response, 404, 'Not found.\n')
}

/** The decoded path; null where it is malformed or climbs. */
function safePath(url: string): string | null {
  try {
    const path = decodeURIComponent(url.split(/[?#]/, 1)[0])
    const climbs = path.split(/[/\\]/).includes('..')
    return path.startsWith('/') && !climbs && !path.includes('\0') ? path : null
  } catch {
    return null
  }
}

async function find(root: string, path: string): Promise<Found | null> {
  const [home, file] = await Promise.all([real(root), real(join(root, path))])
  if (home === null || !file?.startsWith(home + sep)) return null
  const facts = await stat(file)
  if (!facts.isFile()) return null
  return { file, size: facts.size, etag: `"${facts.size.toString(36)}-${Math.floor(facts.mtimeMs).toString(36)}"` }
}

/** The path without links; null where there is nothing. */
function real(path: string): Promise<string | null> {
  return realpath(path).catch(() => null)
}

async function deliver(
  found: Found,
  hashed: boolean,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const headers = {
    ...SECURITY_HEADERS,
    etag: found.etag,
    'cache-control': hashed ? 'public, max-age=31536000, immutable' : 'no-cache',
  }
  if (request.headers['if-none-match']?.includes(found.etag)) {
    response.writeHead(304, headers).end()
    return
  }
  const type = TYPES[extname(found.file)] ?? 'application/octet-stream'
  response.writeHead(200, { ...headers, 'content-type': type, 'content-length': found.size })
  if (request.method === 'HEAD') {
    response.end()
    return
  }
  await pipeline(createReadStream(found.file), response).catch(() => response.destroy()) // the client went away
}

export function send(
  response: ServerResponse,
  status: number,
  text: string,
  headers: Record<string, string> = {},
): void {
  const type = text.startsWith('{') ? 'application/json' : text.startsWith('<') ? 'text/html' : 'text/plain'
  response
    .writeHead(status, {
      ...SECURITY_HEADERS,
      'cache-control': 'no-store',
      'content-type': `${type}; charset=utf-8`,
      ...headers,
    })
    .end(text)
}

const NOT_BUILT = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Tunebook</title>
<h1>The dashboard is not built yet</h1>
<p>Run <code>npm run build</code> in the folder of Tunebook and reload this page; the server need not be restarted.</p>
<p>The API answers at <code>/graphql</code> in the meantime.</p>
</html>
`
