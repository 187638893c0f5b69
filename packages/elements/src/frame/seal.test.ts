import { compactDecrypt, exportJWK, generateKeyPair, type JWK } from 'jose'
import { beforeAll, expect, test } from 'vitest'
import { seal } from './seal.ts'

const sessionId = '00000000-0000-4000-8000-000000000001'
const payload = { security_code: '123', additional_data: { cardholder_name: 'Zoë 名前' } }

let jwk: JWK
let privateKey: CryptoKey
beforeAll(async () => {
  const pair = await generateKeyPair('RSA-OAEP-256', { modulusLength: 2048 })
  privateKey = pair.privateKey
  jwk = await exportJWK(pair.publicKey)
})

const sealNow = () => seal(payload, sessionId, { n: jwk.n ?? '', e: jwk.e ?? '' })

test('another library opens what was sealed, and finds the session in the protected header', async () => {
  const { plaintext, protectedHeader } = await compactDecrypt(await sealNow(), privateKey)
  expect(JSON.parse(new TextDecoder().decode(plaintext))).toEqual(payload)
  expect(protectedHeader).toEqual({ alg: 'RSA-OAEP-256', enc: 'A256GCM', sid: sessionId })
})

test('no two seals share a content key, a nonce or a text', async () => {
  const [first, second] = await Promise.all([sealNow(), sealNow()])
  const parts = (text: string) => text.split('.').slice(1)
  expect(parts(first).filter((part) => parts(second).includes(part))).toEqual([])
})

test.each([0, 1, 2, 3, 4])('a change to part %i is noticed', async (part) => {
  const parts = (await sealNow()).split('.')
  const text = parts[part] ?? ''
  const middle = Math.floor(text.length / 2)
  parts[part] = text.slice(0, middle) + (text[middle] === 'A' ? 'B' : 'A') + text.slice(middle + 1)
  await expect(compactDecrypt(parts.join('.'), privateKey)).rejects.toThrow('decryption operation failed')
})

test('the header of another session does not fit', async () => {
  const [, ...rest] = (await sealNow()).split('.')
  const header = { alg: 'RSA-OAEP-256', enc: 'A256GCM', sid: sessionId.replace('1', '2') }
  const forged = Buffer.from(JSON.stringify(header)).toString('base64url')
  await expect(compactDecrypt([forged, ...rest].join('.'), privateKey)).rejects.toThrow(
    'decryption operation failed',
  )
})
