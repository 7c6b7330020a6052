/** One message of a Server-Sent Events stream. */
export interface ServerEvent {
  event: string
  data: string
}

/**
 * Read an event stream; comments (the pings that keep it open) are skipped. The events end when the bytes do.
 *
 * Source: WHATWG HTML, 9.2 Server-sent events, without ids and retry times, which GraphQL does not use.
 */
export async function* readEvents(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<ServerEvent> {
  const decoder = new TextDecoder()
  let pending = ''
  for await (const chunk of bytes) {
    pending += decoder.decode(chunk, { stream: true })
    const blocks = pending.split(/\r?\n\r?\n/)
    pending = blocks.pop()!
    for (const block of blocks) {
      const event = parseBlock(block)
      if (event) yield event
    }
  }
}

/**
 * The pieces of a body as they come, until it ends or the signal aborts: a plain `for await` would wait for the next
 * piece first.
 */
export async function* piecesOf(body: ReadableStream<Uint8Array>, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  const reader = body.getReader()
  const aborted = new Promise<{ done: true; value?: undefined }>((resolve) => {
    if (signal?.aborted) resolve({ done: true })
    signal?.addEventListener('abort', () => resolve({ done: true }), { once: true })
  })
  try {
    for (;;) {
      const { done, value } = await Promise.race([reader.read(), aborted])
      if (done) return
      yield value
    }
  } finally {
    void reader.cancel().catch(() => {})
  }
}

function parseBlock(block: string): ServerEvent | null {
  let event = 'message'
  const data: string[] = []
  let any = false
  for (const line of block.split(/\r?\n/)) {
    const [, name, value = ''] = /^(event|data):? ?(.*)$/.exec(line) ?? []
    if (name === undefined) continue
    any = true
    if (name === 'event') event = value
    else data.push(value)
  }
  return any ? { event, data: data.join('\n') } : null
}
