import { expect, test } from 'vitest'
import { piecesOf, readEvents } from '../../src/cli/event-stream.ts'

const STREAM =
  ':\n\nevent: next\ndata: {"a":"é"}\n\n:\n\nevent: next\r\ndata: 1\r\ndata: 2\r\n\r\nevent: complete\ndata:\n\n'

async function* inPieces(text: string, size: number): AsyncGenerator<Uint8Array> {
  const bytes = new TextEncoder().encode(text)
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

test.each([1, 2, 3, 7, 1000])('events are the same however the bytes arrive: %i at a time', async (size) => {
  expect(await Array.fromAsync(readEvents(inPieces(STREAM, size)))).toEqual([
    { event: 'next', data: '{"a":"é"}' },
    { event: 'next', data: '1\n2' },
    { event: 'complete', data: '' },
  ])
})

test('an event that was cut off is not one', async () => {
  expect(await Array.fromAsync(readEvents(inPieces('event: next\ndata: {"a"', 100)))).toEqual([])
})

test('an abort ends the pieces at once, also while one is awaited, and cancels the source', async () => {
  const abort = new AbortController()
  let cancelled = false
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(new Uint8Array([1])),
    cancel: () => void (cancelled = true),
  })
  const pieces = piecesOf(body, abort.signal)
  expect(await pieces.next()).toMatchObject({ done: false })
  setTimeout(() => abort.abort(), 10)
  expect(await pieces.next()).toMatchObject({ done: true })
  expect(cancelled).toBe(true)
})
