import { describe, expect, test } from 'vitest'
import { readConfig } from '../../src/config.ts'

describe('the settings', () => {
  const read = (TELEGRAM_ALLOWED_USERS: string) =>
    readConfig({ TELEGRAM_BOT_TOKEN: '1:abc', TELEGRAM_ALLOWED_USERS }).telegram?.users

  test('name people with their roles; nobody is allowed by default', () => {
    expect(read('1:APPROVER, 2:TUNER+APPROVER,3')).toEqual([
      { id: '1', roles: ['APPROVER'] },
      { id: '2', roles: ['TUNER', 'APPROVER'] },
      { id: '3', roles: ['VIEWER'] },
    ])
    expect(read('')).toEqual([])
    expect(readConfig({}).telegram).toBeUndefined()
  })

  test.each(['ann:APPROVER', '1:BOSS', '1:BOT', '-5:VIEWER', '1:', '1,1:APPROVER', ','])('refuse %s', (users) => {
    expect(() => read(users)).toThrow('TELEGRAM_ALLOWED_USERS')
  })

  test('never show a token, and want a secret with a webhook', () => {
    expect(() => readConfig({ TELEGRAM_BOT_TOKEN: 'hidden token' })).toThrow(/its value/)
    expect(() => readConfig({ TELEGRAM_BOT_TOKEN: 'hidden token' })).not.toThrow(/hidden/)
    expect(() => readConfig({ TELEGRAM_WEBHOOK_URL: 'https://host' })).toThrow('TELEGRAM_WEBHOOK_SECRET')
  })
})
