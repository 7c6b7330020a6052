import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { SIGNED_IN } from '../helpers.ts'
import { target, type Target } from '../security/server.ts'

let server: Target
beforeAll(async () => {
  server = await target()
})
afterAll(() => server.close())

describe('/metrics', () => {
  test('tells Prometheus of jobs, phases, pool, queue, events, requests and the process', async () => {
    await server.ask('{ __typename }')
    await server.send('{', { ...SIGNED_IN, 'content-type': 'application/json' })
    const { status, headers, text } = await server.send('', SIGNED_IN, '/metrics', 'GET')
    expect(status).toBe(200)
    expect(headers['content-type']).toContain('text/plain; version=0.0.4')
    for (const line of [
      'tunebook_jobs{status="PENDING"} 0',
      'tunebook_queue_depth 0',
      'tunebook_backtests_per_second 0',
      'tunebook_subscriptions 0',
      'tunebook_requests_refused_total{status="400"} 1',
    ]) {
      expect(text).toContain(`${line}\n`)
    }
    for (const name of [
      'tunebook_pool_threads ',
      'tunebook_event_sequence ',
      'process_resident_memory_bytes ',
      'nodejs_eventloop_lag_seconds ',
    ]) {
      expect(text).toContain(`\n${name}`)
    }
    expect(text).toMatch(/tunebook_request_seconds_count\{route="\/graphql",status="200"\} 1/)
  })

  test('tells nothing to somebody who has not signed in', async () => {
    const answer = await fetch(`${server.server.url}/metrics`)
    expect(answer.status).toBe(401)
    expect(answer.headers.get('www-authenticate')).toBe('Bearer')
    expect(await answer.text()).not.toContain('tunebook_')
  })

  test('takes no words from a client', async () => {
    await server.send('', {}, '/hunter2?token=hunter2', 'GET')
    expect((await server.send('', SIGNED_IN, '/metrics', 'GET')).text).not.toContain('hunter2')
  })
})
