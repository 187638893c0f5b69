import type { CaptureId } from '@cardkeep/core/kernel/ids'
import { openSecret } from '@cardkeep/core/kernel/secret'
import { applyEdits, drawEdits } from '@cardkeep/testing/fuzz/edits'
import { runs } from '@cardkeep/testing/fuzz/runs'
import { sealPayload } from '@cardkeep/testing/keys/seal-payload'
import { drawPrivateKey } from '@cardkeep/testing/keys/session-key'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { publicHalf } from './key-pair.ts'
import { openPayload } from './open-payload.ts'

/*
 * Whatever stands in the place of a payload is the one refusal, or opens to what was sealed and has its mark: of two spellings
 * of one payload the second would be another to whoever counts them.
 */

const id = '0000ca97-0000-4000-8000-000000000001' as CaptureId
const privateKey = await drawPrivateKey()
const session = { id, key: publicHalf(privateKey) }
const text = '{"security_code":"123"}'
const notReadable = { ok: false, error: { type: 'PayloadNotReadable' } }

const payloads = await Promise.all([
  sealPayload(session.key, text),
  sealPayload(session.key, text, { alg: 'RSA-OAEP-256', sid: id, kid: session.key.id, typ: 'JWE' }),
])

const open = (payload: string) => openPayload({ session, payload, privateKey })

const marks = await Promise.all(
  payloads.map(async (payload) => {
    const opened = await open(payload)
    if (!opened.ok) throw new Error('a payload of the test does not open')
    return Buffer.from(opened.value.mark)
  }),
)

/** Refused, or one of the payloads as it was sealed. */
const expectNothingElse = async (payload: string): Promise<void> => {
  const opened = await open(payload)
  if (!opened.ok) {
    expect(opened).toEqual(notReadable)
    return
  }
  expect(openSecret(opened.value.text, 'check')).toBe(text)
  expect(payloads).toContain(payload)
  expect(marks).toContainEqual(Buffer.from(opened.value.mark))
}

test('a payload whose text was edited is the one refusal', async () => {
  const edited = fc
    .tuple(
      fc.constantFrom(...payloads),
      drawEdits(['.', '..', '=', '+', '/', '_', '-', ' ', '\n', '\0', 'A', 'é']),
    )
    .map(([payload, edits]) => applyEdits(Buffer.from(payload), edits).toString())
  await fc.assert(fc.asyncProperty(edited, expectNothingElse), runs(1_000))
})

test('a payload of whose parts some were edited is the one refusal', async () => {
  const edited = fc
    .tuple(fc.constantFrom(...payloads), fc.nat({ max: 4 }), drawEdits([new Uint8Array(16)], 2))
    .map(([payload, at, edits]) => {
      const parts = payload.split('.')
      const bytes = applyEdits(Buffer.from(parts[at] ?? '', 'base64url'), edits)
      return parts.with(at, bytes.toString('base64url')).join('.')
    })
  await fc.assert(fc.asyncProperty(edited, expectNothingElse), runs(1_000))
})

test('a payload whose header says anything else is the one refusal', async () => {
  const names = [
    'alg',
    'enc',
    'sid',
    'kid',
    'typ',
    'zip',
    'crit',
    'jwk',
    'epk',
    'p2c',
    'b64',
    '__proto__',
    'x',
  ]
  const values = [
    'RSA-OAEP',
    'RSA-OAEP-256',
    'RSA1_5',
    'dir',
    'A256GCM',
    'A128CBC-HS256',
    id,
    session.key.id,
    '',
  ]
  const header = fc.dictionary(
    fc.constantFrom(...names),
    fc.oneof(fc.constantFrom(...values), fc.jsonValue({ maxDepth: 2 })),
    { maxKeys: 5 },
  )
  const shuffled = fc.tuple(fc.constantFrom(...payloads), header).map(([payload, said]) => {
    const [, ...rest] = payload.split('.')
    return [Buffer.from(JSON.stringify(said)).toString('base64url'), ...rest].join('.')
  })
  await fc.assert(fc.asyncProperty(shuffled, expectNothingElse), runs(1_000))
})

test('what was sealed for the session opens to itself, whatever it is', async () => {
  const sealed = fc.oneof(fc.uint8Array({ maxLength: 200 }), fc.constant(new Uint8Array(8_193)))
  await fc.assert(
    fc.asyncProperty(sealed, async (bytes) => {
      const opened = await open(await sealPayload(session.key, bytes))
      const told = opened.ok ? Buffer.from(openSecret(opened.value.text, 'check')) : undefined
      const isText = bytes.length <= 8_192 && Buffer.from(Buffer.from(bytes).toString()).equals(bytes)
      expect(told).toEqual(isText ? Buffer.from(bytes) : undefined)
    }),
    runs(300),
  )
})
