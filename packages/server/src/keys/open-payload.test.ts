import { createHash } from 'node:crypto'
import type { CaptureId } from '@cardkeep/core/kernel/ids'
import { openSecret } from '@cardkeep/core/kernel/secret'
import { sealPayload } from '@cardkeep/testing/keys/seal-payload'
import { drawPrivateKey } from '@cardkeep/testing/keys/session-key'
import { CompactEncrypt, type CompactJWEHeaderParameters } from 'jose'
import { beforeAll, describe, expect, test } from 'vitest'
import { makePrivateKey, publicHalf } from './key-pair.ts'
import { openPayload, type SealedPayload } from './open-payload.ts'

const id = '0000ca97-0000-4000-8000-000000000001' as CaptureId
const otherId = '0000ca97-0000-4000-8000-000000000002' as CaptureId
const text = '{"security_code":"123"}'
const notReadable = { ok: false, error: { type: 'PayloadNotReadable' } }

let ours: Pick<SealedPayload, 'session' | 'privateKey'>
let theirs: Awaited<ReturnType<typeof makePrivateKey>>
beforeAll(async () => {
  const privateKey = await drawPrivateKey()
  ours = { privateKey, session: { id, key: publicHalf(privateKey) } }
  theirs = await makePrivateKey()
})

type Header = Partial<CompactJWEHeaderParameters>

const seal = (header: Header = {}, sealed: string | Uint8Array = text): Promise<string> =>
  sealPayload(ours.session.key, sealed, header)

const open = (payload: string) => openPayload({ ...ours, payload })

const textOf = async (payload: string): Promise<string | undefined> => {
  const opened = await open(payload)
  return opened.ok ? openSecret(opened.value.text, 'check') : undefined
}

describe('what was sealed opens', () => {
  test.each<readonly [string, () => Header]>([
    ['as the SDK of the vendor writes it', () => ({})],
    ['as its app writes it', () => ({ alg: 'RSA-OAEP-256' })],
    ['for this session, by name', () => ({ alg: 'RSA-OAEP-256', sid: id })],
    ['for this key, by name', () => ({ kid: ours.session.key.id })],
    ['as a thing that says what it is', () => ({ typ: 'JWE' })],
  ])('%s', async (_, header) => {
    expect(await textOf(await seal(header()))).toBe(text)
  })

  test('in any language, and with nothing in it', async () => {
    for (const written of ['Łukasz 佐藤 🂡', '']) expect(await textOf(await seal({}, written))).toBe(written)
  })

  test('up to its longest, and no byte more', async () => {
    expect(await textOf(await seal({}, 'x'.repeat(8_192)))).toHaveLength(8_192)
    expect(await open(await seal({}, 'x'.repeat(8_193)))).toEqual(notReadable)
  })

  test('and does not print itself', async () => {
    const opened = await open(await seal())
    expect(opened.ok && String(opened.value.text)).toBe('[secret]')
  })
})

describe('nothing opens', () => {
  const headers: readonly (readonly [string, () => Header])[] = [
    ['for another session', () => ({ sid: otherId })],
    ['for a session that is no text', () => ({ sid: [id] })],
    ['for another key, by name', () => ({ kid: publicHalf(theirs).id })],
    ['under another hash', () => ({ alg: 'RSA-OAEP-512' })],
    ['under a shorter key for the text', () => ({ enc: 'A128GCM' })],
    ['under a cipher that is checked apart', () => ({ enc: 'A128CBC-HS256' })],
    ['with a header that nobody knows', () => ({ x5u: 'https://shop.example' })],
    ['with a type that is no text', () => ({ typ: { a: 1 } as unknown as string })],
  ]
  test.each(headers)('%s', async (_, header) => {
    expect(await open(await seal(header()))).toEqual(notReadable)
  })

  test('for another key', async () => {
    expect(await open(await sealPayload(publicHalf(theirs), text))).toEqual(notReadable)
  })

  test('without a key of its own, or with one agreed on', async () => {
    const shared = new Uint8Array(32)
    const direct = await new CompactEncrypt(new TextEncoder().encode(text))
      .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
      .encrypt(shared)
    const { publicKey } = await crypto.subtle.generateKey({ name: 'ECDH', namedCurve: 'P-256' }, true, [
      'deriveBits',
    ])
    const agreed = await new CompactEncrypt(new TextEncoder().encode(text))
      .setProtectedHeader({ alg: 'ECDH-ES', enc: 'A256GCM' })
      .encrypt(publicKey)
    for (const payload of [direct, agreed]) expect(await open(payload)).toEqual(notReadable)
  })

  test.each<readonly [string, Readonly<Record<string, unknown>>]>([
    ['the other algorithm', { alg: 'RSA-OAEP-256' }],
    ['compression', { zip: 'DEF' }],
    ['what must be understood', { crit: ['exp'], exp: 1 }],
    ['a session', { sid: id }],
    ['a prototype', JSON.parse('{"__proto__":{"a":1}}')],
    ['a name that every object has', { toString: 'a' }],
  ])('whose header says %s after it was sealed', async (_, more) => {
    const [header = '', ...rest] = (await seal()).split('.')
    const read = JSON.parse(Buffer.from(header, 'base64url').toString())
    const changed = Object.defineProperties(read, Object.getOwnPropertyDescriptors(more))
    expect(await open([encode(JSON.stringify(changed)), ...rest].join('.'))).toEqual(notReadable)
  })

  test('that is compressed, also where the sender sealed it so', async () => {
    const payload = await seal({ zip: 'DEF' })
    expect(await open(payload)).toEqual(notReadable)
  })

  test.each([0, 1, 2, 3, 4])('with a bit changed in the first or the last byte of part %i', async (at) => {
    const parts = (await seal()).split('.')
    const bytes = Buffer.from(parts[at] ?? '', 'base64url')
    for (const place of [0, bytes.length - 1]) {
      const changed = Buffer.from(bytes)
      changed[place] = (changed[place] ?? 0) ^ 1
      const payload = parts.with(at, changed.toString('base64url')).join('.')
      expect(await open(payload)).toEqual(notReadable)
    }
  })

  test.each([0, 1, 2, 3, 4])('with part %i empty, shorter, longer or left out', async (at) => {
    const parts = (await seal()).split('.')
    const bytes = Buffer.from(parts[at] ?? '', 'base64url')
    const others = [Buffer.alloc(0), bytes.subarray(0, -1), Buffer.concat([bytes, Buffer.alloc(1)])]
    const payloads = others.map((other) => parts.with(at, other.toString('base64url')).join('.'))
    for (const payload of [...payloads, parts.toSpliced(at, 1).join('.')])
      expect(await open(payload)).toEqual(notReadable)
  })

  test('with a part more, in another spelling of the same bytes, or around other characters', async () => {
    const payload = await seal()
    const parts = payload.split('.')
    const padded = parts.with(4, `${parts[4]}==`).join('.')
    const inOldLetters = payload.replaceAll('-', '+').replaceAll('_', '/')
    // Of the last character of 16 bytes four bits count for nothing.
    const last = alphabet.indexOf(payload.at(-1) ?? '')
    const sameBytes = payload.slice(0, -1) + alphabet[last ^ 1]
    expect(Buffer.from(sameBytes.split('.')[4] ?? '', 'base64url')).toEqual(
      Buffer.from(parts[4] ?? '', 'base64url'),
    )
    for (const other of [
      `${payload}.`,
      `${payload}.AAAA`,
      `.${payload}`,
      padded,
      sameBytes,
      ` ${payload}`,
      `${payload}\n`,
      ...(inOldLetters === payload ? [] : [inOldLetters]),
    ])
      expect(await open(other)).toEqual(notReadable)
  })

  test('whose key was left without its zeros in front, which are the same number', async () => {
    const payload = await sealWithZeroInFront()
    expect(await open(payload)).toMatchObject({ ok: true })
    const parts = payload.split('.')
    const shorter = Buffer.from(parts[1] ?? '', 'base64url').subarray(1)
    expect(await open(parts.with(1, shorter.toString('base64url')).join('.'))).toEqual(notReadable)
  })

  test('that is longer than any payload, however it begins', async () => {
    expect(await open('.'.repeat(16 * 1024 + 1))).toEqual(notReadable)
    const longest = 'x'.repeat(8_192)
    expect(await open(await seal({ typ: 'x'.repeat(3_000) }, longest))).toMatchObject({ ok: true })
    expect(await open(await seal({ typ: 'x'.repeat(6_000) }, longest))).toEqual(notReadable)
  })

  test('that is not text', async () => {
    for (const bytes of [Uint8Array.of(0xff, 0xfe), Uint8Array.of(0xc3), Uint8Array.of(0xed, 0xa0, 0x80)])
      expect(await open(await seal({}, bytes))).toEqual(notReadable)
  })

  test.each(['', '....', 'a.b.c.d.e', 'null', '{}', 'x', `${'A'.repeat(342)}`])('in %j', async (payload) => {
    expect(await open(payload)).toEqual(notReadable)
  })

  test.each(['null', '[]', '"alg"', '{', '{"alg":"RSA-OAEP"}', '{"enc":"A256GCM"}', '\ufeff{}'])(
    'whose header is %s',
    async (header) => {
      const [, ...rest] = (await seal()).split('.')
      expect(await open([encode(header), ...rest].join('.'))).toEqual(notReadable)
    },
  )
})

describe('the mark of a payload', () => {
  const markOf = async (payload: string): Promise<string> => {
    const opened = await open(payload)
    if (!opened.ok) throw new Error('a test could not open its payload')
    return Buffer.from(opened.value.mark).toString('hex')
  }

  test('is the hash of what is sealed in it, and the same each time', async () => {
    const payload = await seal()
    const sealed = payload
      .split('.')
      .slice(1)
      .map((part) => Buffer.from(part, 'base64url'))
    expect(await markOf(payload)).toBe(createHash('sha256').update(Buffer.concat(sealed)).digest('hex'))
    expect(await markOf(payload)).toBe(await markOf(payload))
  })

  test('is another each time that the same is sealed', async () => {
    expect(await markOf(await seal())).not.toBe(await markOf(await seal()))
  })
})

/** One of 256 is so. */
const sealWithZeroInFront = async (): Promise<string> => {
  for (;;) {
    const payload = await seal()
    if (Buffer.from(payload.split('.')[1] ?? '', 'base64url')[0] === 0) return payload
  }
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

const encode = (written: string): string => Buffer.from(written).toString('base64url')
