import type { CaptureFault } from '@cardkeep/core/captures/capture-fault'
import { type CaptureKey, captureSkewMs, captureWindowMs } from '@cardkeep/core/captures/capture-key'
import { type CaptureKeyId, parseId, type ScopeId } from '@cardkeep/core/kernel/ids'
import { ok, refuse } from '@cardkeep/core/kernel/result'
import { openSecret } from '@cardkeep/core/kernel/secret'
import { literalOf, sealFor } from '@cardkeep/testing/captures/messages'
import { createCountingIds, createFixedClock } from '@cardkeep/testing/clock'
import { createKeyFixture, tenantAt } from '@cardkeep/testing/keys/fixture'
import { createMessage, encrypt, readKey, readPrivateKey } from 'openpgp'
import { afterEach, expect, test } from 'vitest'
import { createCaptureHash } from '../keys/capture-hash.ts'
import { createCapturePrivateSealer } from '../keys/capture-private-sealer.ts'
import { createCaptureKeyMaker } from './capture-key-maker.ts'
import { createCaptures, type RunningCaptures } from './captures.ts'
import { longestCiphertext } from './read-ciphertext.ts'
import type { WorkerPool } from './worker-pool.ts'

const opened: RunningCaptures[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map((captures) => captures.dropAll()))
})

const idOf = (last: number): CaptureKeyId => {
  const id = parseId<CaptureKeyId>(`000000ca-0000-4000-8000-00000000000${last}`)
  if (!id) throw new Error('not an id')
  return id
}
const scope = '0000005c-0000-4000-8000-000000000001' as ScopeId

const open = async () => {
  const clock = createFixedClock()
  const owners = [1, 2].map((tenant) => ({ type: 'tenant', id: tenantAt(tenant) }) as const)
  const { keyring } = await createKeyFixture({ clock, ids: createCountingIds() }, owners)
  const sealer = createCapturePrivateSealer(keyring)
  const captures = createCaptures({ sealer, hash: createCaptureHash(keyring), workers: 1, clock })
  opened.push(captures)
  const maker = createCaptureKeyMaker(sealer)
  const makeKey = async (last: number, tenant = 1): Promise<CaptureKey> => {
    const place = { id: idOf(last), tenantId: tenantAt(tenant) }
    return { ...place, ...(await maker.make(place)), createdAt: clock.now(), retiredAt: undefined }
  }
  return { keyring, sealer, captures, makeKey, clock }
}

const encryptFor = async ({ publicKey }: CaptureKey, text: string): Promise<string> => {
  const armored = await encrypt({
    message: await createMessage({ text }),
    encryptionKeys: await readKey({ armoredKey: publicKey }),
  })
  return Buffer.from(String(armored)).toString('base64')
}

const valueOf = async (captures: RunningCaptures, key: CaptureKey, ciphertext: string) => {
  const result = await captures.open(key, ciphertext)
  if (!result.ok) throw new Error(result.error.fault)
  return result.value
}

const text = '{"cardholderName":"Zoë"}'

test('what was encrypted for a key opens as a secret', async () => {
  const { captures, makeKey } = await open()
  const key = await makeKey(1)
  const capture = await valueOf(captures, key, await encryptFor(key, text))
  expect(openSecret(capture.text, 'check')).toBe(text)
  expect(capture.mark).toHaveLength(32)
})

test('one text has one mark and makes one token, however it was encrypted', async () => {
  const { captures, makeKey } = await open()
  const key = await makeKey(1)
  const one = await valueOf(captures, key, await encryptFor(key, text))
  const other = await valueOf(captures, key, await encryptFor(key, text))
  expect(other.mark).toEqual(one.mark)
  expect(other.tokenIdIn(scope)).toBe(one.tokenIdIn(scope))
  const third = await valueOf(captures, key, await encryptFor(key, `${text} `))
  expect(third.mark).not.toEqual(one.mark)
})

test('one message for two keys of a tenant has one mark and makes one token', async () => {
  const { captures, makeKey } = await open()
  const keys = [await makeKey(1), await makeKey(2)] as const
  const encryptionKeys = await Promise.all(keys.map((key) => readKey({ armoredKey: key.publicKey })))
  const armored = String(await encrypt({ message: await createMessage({ text }), encryptionKeys }))
  const [one, other] = [await valueOf(captures, keys[0], armored), await valueOf(captures, keys[1], armored)]
  expect(other.mark).toEqual(one.mark)
  expect(other.tokenIdIn(scope)).toBe(one.tokenIdIn(scope))
})

test('what a client encrypted for one key opens with no other', async () => {
  const { captures, makeKey } = await open()
  const [key, other] = [await makeKey(1), await makeKey(2)]
  const fault = refuse({ type: 'CaptureRefused', fault: 'for another key' })
  expect(await captures.open(other, await encryptFor(key, text))).toEqual(fault)
})

test('a private key that was moved to another tenant or another key opens nothing', async () => {
  const { captures, makeKey } = await open()
  const key = await makeKey(1)
  const ciphertext = await encryptFor(key, text)
  for (const moved of [
    { ...key, tenantId: tenantAt(2) },
    { ...key, id: idOf(2) },
  ])
    await expect(captures.open(moved, ciphertext)).rejects.toThrow('belong elsewhere')
})

test('what is too long is refused before anything looks at it, up to the last character', async () => {
  const { captures, makeKey } = await open()
  const key = await makeKey(1)
  const fault = (of: CaptureFault) => refuse({ type: 'CaptureRefused', fault: of })
  expect(await captures.open(key, 'A'.repeat(longestCiphertext + 1))).toEqual(fault('too large'))
  expect(await captures.open(key, 'A'.repeat(longestCiphertext))).toEqual(fault('not a message'))
})

test('a text that is not UTF-8 is no object', async () => {
  const { captures, sealer, makeKey } = await open()
  const key = await makeKey(1)
  const armoredKey = openSecret(await sealer.open(key, key.sealedPrivateKey), 'load key')
  const privateKey = await readPrivateKey({ armoredKey })
  const ciphertext = await sealFor(
    { privateKey, publicKey: privateKey.toPublic() },
    literalOf(Buffer.from([0x7b, 0xff, 0x7d])),
  )
  expect(await captures.open(key, ciphertext)).toEqual(
    refuse({ type: 'CaptureRefused', fault: 'not an object' }),
  )
})

test('the bytes of a text are wiped once it is told', async () => {
  const { sealer, keyring, makeKey, clock } = await open()
  const bytes = new TextEncoder().encode(text)
  const pool = { open: async () => ok(bytes), tend: () => undefined, dropAll: async () => undefined }
  const captures = createCaptures({ sealer, hash: createCaptureHash(keyring), workers: 0, clock, pool })
  const capture = await valueOf(captures, await makeKey(1), 'a message')
  expect(openSecret(capture.text, 'check')).toBe(text)
  expect(bytes.every((byte) => byte === 0)).toBe(true)
})

test('the workers are told whose a card is, and until when a retired key is good', async () => {
  const { sealer, keyring, makeKey, clock } = await open()
  const told: unknown[] = []
  const pool: WorkerPool = {
    open: async ({ tenantId, keyId, keyUntil }) => {
      told.push([tenantId, keyId, keyUntil])
      return refuse('damaged')
    },
    tend: () => undefined,
    dropAll: async () => undefined,
  }
  const captures = createCaptures({ sealer, hash: createCaptureHash(keyring), workers: 0, clock, pool })
  const key = await makeKey(1)
  const retired = { ...(await makeKey(2, 2)), retiredAt: clock.now() }
  await captures.open(key, 'a message')
  await captures.open(retired, 'a message')
  expect(told).toEqual([
    [tenantAt(1), idOf(1), undefined],
    [tenantAt(2), idOf(2), clock.now() + captureWindowMs + captureSkewMs],
  ])
})

test('a key opens again after all private keys were forgotten', async () => {
  const { captures, makeKey } = await open()
  const key = await makeKey(1)
  const ciphertext = await encryptFor(key, text)
  await valueOf(captures, key, ciphertext)
  await captures.dropAll()
  const again = await valueOf(captures, key, ciphertext)
  expect(openSecret(again.text, 'check')).toBe(text)
})

test('a capture key of before a rotation still opens', async () => {
  const { captures, keyring, makeKey } = await open()
  const key = await makeKey(1)
  const actor = { type: 'vault', id: undefined } as const
  await keyring.rotate({ purpose: 'capture', owner: { type: 'tenant', id: key.tenantId }, actor })
  const opened = await valueOf(captures, key, await encryptFor(key, text))
  expect(openSecret(opened.text, 'check')).toBe(text)
})

test('a capture key signs with one half and encrypts with another, on P-256, in version 4, without an end', async () => {
  const { makeKey } = await open()
  const { publicKey } = await makeKey(1)
  const key = await readKey({ armoredKey: publicKey })
  expect(key.keyPacket.version).toBe(4)
  expect(key.getAlgorithmInfo()).toEqual({ algorithm: 'ecdsa', curve: 'nistP256' })
  expect(key.subkeys.map((subkey) => subkey.getAlgorithmInfo())).toEqual([
    { algorithm: 'ecdh', curve: 'nistP256' },
  ])
  expect(await key.getExpirationTime()).toBe(Infinity)
  expect(key.getUserIDs()).toEqual(['Cardkeep capture key'])
  const { selfCertification } = await key.getPrimaryUser()
  // RFC 9580, 5.2.3.29: certify and sign.
  expect([...(selfCertification.keyFlags ?? [])]).toEqual([0x03])
  // RFC 9580, 5.2.3.32: integrity by version 1 of its packet, and not by AEAD.
  expect([...(selfCertification.features ?? [])]).toEqual([0x01])
})
