import { describe, expect, test } from 'vitest'
import { refuseContent, refuseHost, refuseOrigin } from '../../src/server/guard.ts'

const headers = (given: Record<string, string>) => (name: string) => given[name]

const LOCAL = { host: '127.0.0.1', names: [] }

describe('the Host header', () => {
  test.each(['127.0.0.1:4000', 'localhost:4000', 'LOCALHOST', '[::1]:4000', 'tunebook.lan:80'])(
    '%s names this server',
    (host) => {
      expect(refuseHost(headers({ host }), { host: 'tunebook.lan', names: [] })).toBeNull()
    },
  )

  test.each([
    'evil.example',
    'evil.example:4000',
    '127.0.0.1.evil.example',
    'localhost.evil.example:4000',
    '[::2]',
    '',
  ])('%j does not', (host) => {
    expect(refuseHost(headers({ host }), LOCAL)).toMatchObject({ status: 403, code: 'FORBIDDEN' })
  })

  test('that is missing names nobody', () => {
    expect(refuseHost(headers({}), LOCAL)).toMatchObject({ status: 403 })
  })
})

describe('the Host header of a server for other machines', () => {
  const config = { host: '0.0.0.0', names: ['tunebook.lan'] }

  test.each(['192.168.1.5:4000', '[fe80::1]:4000', 'localhost:4000', 'Tunebook.lan:4000'])('may be %s', (host) => {
    expect(refuseHost(headers({ host }), config)).toBeNull()
  })

  test.each(['evil.example', '192.168.1.5.evil.example', '[evil]'])('may not be %s', (host) => {
    expect(refuseHost(headers({ host }), config)).toMatchObject({ status: 403 })
  })
})

describe('a page', () => {
  test('of this server is welcome, and so is a program without an Origin', () => {
    expect(refuseOrigin(headers({ host: 'localhost:4000', origin: 'http://localhost:4000' }))).toBeNull()
    expect(refuseOrigin(headers({ host: 'localhost:4000' }))).toBeNull()
  })

  test.each(['https://evil.example', 'http://localhost:9', 'null', ''])('with the Origin %j is not', (origin) => {
    expect(refuseOrigin(headers({ host: 'localhost:4000', origin }))).toMatchObject({
      status: 403,
      code: 'CSRF_BLOCKED',
    })
  })

  test('of another site that hides its Origin is told by the browser', () => {
    expect(refuseOrigin(headers({ host: 'localhost:4000', 'sec-fetch-site': 'cross-site' }))).toMatchObject({
      status: 403,
    })
  })
})

describe('a body', () => {
  test.each(['application/json', 'application/json; charset=utf-8', 'Application/JSON'])('of %s is read', (type) => {
    expect(refuseContent('POST', headers({ 'content-type': type }))).toBeNull()
  })

  test.each([
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'text/plain',
    'application/graphql',
    'application/json, text/plain',
    '',
  ])('of %j is not', (type) => {
    expect(refuseContent('POST', headers({ 'content-type': type }))).toMatchObject({
      status: 415,
    })
  })

  test('that is compressed is not', () => {
    const gzip = headers({ 'content-type': 'application/json', 'content-encoding': 'gzip' })
    expect(refuseContent('POST', gzip)).toMatchObject({ status: 415 })
  })

  test.each(['PUT', 'DELETE', 'OPTIONS', 'PATCH'])('by %s has no meaning here', (method) => {
    expect(refuseContent(method, headers({}))).toMatchObject({ status: 405 })
  })
})
