import { describe, expect, test } from 'vitest'
import { createLog } from '../../src/log.ts'

function logged(value: object, message: string, also: string[] = []): string {
  let text = ''
  createLog('info', also, { write: (line) => void (text += line) }).info(value, message)
  return text
}

const SECRETS = ['hunter2', 'tb_AAAABBBBCCCC', 'eyJhbGciOi.eyJzdWIi.c2ln', 's3cr3t-in-"environment"']

describe('the log', () => {
  test.each([
    ['an address', { err: new Error('connect postgres://admin:hunter2@db:5432/x failed') }],
    ['a header', { headers: { authorization: 'Bearer tb_AAAABBBBCCCC', cookie: 'a=hunter2' } }],
    ['a token in passing', { note: 'used tb_AAAABBBBCCCC and eyJhbGciOi.eyJzdWIi.c2ln' }],
    ['a field that is named so', { token: 'hunter2', password: 'hunter2', nested: { secret: 'hunter2' } }],
    ['a secret of this process', { note: 'got s3cr3t-in-"environment"' }],
  ])('blots out the secrets in %s', (_, value) => {
    const text = logged(value, 'seen', [SECRETS[3]])
    for (const secret of SECRETS) expect(text).not.toContain(JSON.stringify(secret).slice(1, -1))
    expect(JSON.parse(text)).toMatchObject({ msg: 'seen' })
  })

  test('keeps what says where the trouble is', () => {
    expect(logged({ err: new Error('connect postgres://admin:hunter2@db:5432/x failed') }, 'm')).toContain(
      'admin:…@db:5432/x',
    )
  })

  test('is one line for each entry, whatever a name holds', () => {
    const text = logged({ name: 'a\r\n{"level":60,"msg":"forged"}\u2028' }, 'line\r\nbreak')
    expect(text.trimEnd().split('\n')).toHaveLength(1)
    expect(text).not.toContain('\r')
  })
})
