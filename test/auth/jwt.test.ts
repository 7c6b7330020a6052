import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { exportJWK, exportSPKI, generateKeyPair, SignJWT, type CryptoKey } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { JwtVerifier } from '../../src/auth/jwt.ts'
import type { JwtSettings } from '../../src/config.ts'
import { UnavailableError, ValidationError } from '../../src/errors.ts'

const folder = mkdtempSync(join(tmpdir(), 'tunebook-jwt-'))
const keyFile = join(folder, 'key.pem')
const SETTINGS = {
  algorithm: 'EdDSA',
  issuer: 'https://login.example',
  audience: 'tunebook',
  rolesClaim: 'roles',
} as const
const IN_AN_HOUR = Math.floor(Date.now() / 1000) + 3600

let privateKey: CryptoKey
let publicKey: CryptoKey
let pem: string
let verifier: JwtVerifier
beforeAll(async () => {
  ;({ privateKey, publicKey } = await generateKeyPair('EdDSA', { extractable: true }))
  pem = await exportSPKI(publicKey)
  writeFileSync(keyFile, pem)
  verifier = await JwtVerifier.open({ ...SETTINGS, source: { keyFile } })
})
afterAll(() => rmSync(folder, { recursive: true }))

const CLAIMS = { sub: 'ada', roles: ['TUNER', 'owner'], iss: SETTINGS.issuer, aud: 'tunebook', exp: IN_AN_HOUR }

function signed(claims: object, key: CryptoKey | Uint8Array = privateKey, header: object = {}): Promise<string> {
  return new SignJWT({ ...claims }).setProtectedHeader({ alg: 'EdDSA', ...header }).sign(key)
}

describe('a signed token', () => {
  test('says who its bearer is, and which of our roles they have', async () => {
    expect(await verifier.verify(await signed(CLAIMS))).toEqual({
      name: 'ada',
      roles: ['TUNER'],
      expiresAt: IN_AN_HOUR * 1000,
    })
  })

  test.each<[string, object]>([
    ['has expired', { exp: IN_AN_HOUR - 7200 }],
    ['never expires', { exp: undefined }],
    ['is for another service', { aud: 'grafana' }],
    ['is for nobody in particular', { aud: undefined }],
    ['comes from elsewhere', { iss: 'https://evil.example' }],
    ['names nobody', { sub: undefined }],
    ['names no role of ours', { roles: ['owner'] }],
    ['names its roles in one word', { roles: 'ADMIN' }],
    ['proposes and approves', { roles: ['BOT', 'APPROVER'] }],
    ['is not valid yet', { nbf: IN_AN_HOUR }],
  ])('that %s does not count', async (_, changes) => {
    const claims = Object.fromEntries(
      Object.entries({ ...CLAIMS, ...changes }).filter(([, value]) => value !== undefined),
    )
    expect(await verifier.verify(await signed(claims))).toBeNull()
  })

  test('without a signature, or signed by something else, does not count', async () => {
    const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const stranger = await generateKeyPair('EdDSA')
    const tokens = [
      `${encode({ alg: 'none' })}.${encode(CLAIMS)}.`,
      await signed(CLAIMS, new TextEncoder().encode(pem), { alg: 'HS256' }), // the public key as a password
      await signed(CLAIMS, stranger.privateKey),
      await signed(CLAIMS, stranger.privateKey, { kid: '../../../dev/null' }),
      `${(await signed(CLAIMS)).slice(0, -4)}AAAA`,
      'a.b.c',
      '..',
    ]
    expect(await Promise.all(tokens.map((token) => verifier.verify(token)))).toEqual(tokens.map(() => null))
  })
})

describe('keys that a service publishes', () => {
  let keys: Server
  let settings: JwtSettings
  beforeAll(async () => {
    const jwk = { ...(await exportJWK(publicKey)), kid: 'one', alg: 'EdDSA' }
    keys = createServer((_, response) => response.end(JSON.stringify({ keys: [jwk] }))).listen(0, '127.0.0.1')
    await once(keys, 'listening')
    settings = { ...SETTINGS, source: { jwksUrl: `http://127.0.0.1:${(keys.address() as AddressInfo).port}/` } }
  })
  afterAll(() => keys.close())

  test('are found by their id', async () => {
    const published = await JwtVerifier.open(settings)
    expect(await published.verify(await signed(CLAIMS, privateKey, { kid: 'one' }))).toMatchObject({ name: 'ada' })
    expect(await published.verify(await signed(CLAIMS, privateKey, { kid: 'two' }))).toBeNull()
  })

  test('that cannot be read make nobody anything, and the failure is not the bearer’s', async () => {
    const gone = await JwtVerifier.open({ ...SETTINGS, source: { jwksUrl: 'http://127.0.0.1:9/' } })
    await expect(gone.verify(await signed(CLAIMS))).rejects.toThrow(UnavailableError)
  })
})

test('a key that does not fit its algorithm stops the start', async () => {
  const open = JwtVerifier.open({ ...SETTINGS, algorithm: 'RS256', source: { keyFile } })
  await expect(open).rejects.toThrow(ValidationError)
  const missing = JwtVerifier.open({ ...SETTINGS, source: { keyFile: join(folder, 'none.pem') } })
  await expect(missing).rejects.toThrow(/TUNEBOOK_JWT_KEY/)
})
