import { createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto'
import { epochMs } from '@cardkeep/core/kernel/time'
import { createCountingIds, createFixedClock } from '@cardkeep/testing/clock'
import { createKeyFixture, type KeyFixture } from '@cardkeep/testing/keys/fixture'
import { expect, test } from 'vitest'
import { createAuditSigner, verifyCheckpoint } from './audit-signer.ts'

const head = { chain: 0, seq: 12, hash: new Uint8Array(32).fill(3) }
const at = epochMs(Date.UTC(2026, 0, 1))

const makeFixture = async () => {
  const fixture = await createKeyFixture({ clock: createFixedClock(), ids: createCountingIds() })
  return { ...fixture, signer: createAuditSigner(fixture.keyring) }
}

const publicKeyOf = ({ store }: KeyFixture, id: string): Uint8Array => {
  const publicKey = store.rows.records.find((record) => record.id === id)?.publicKey
  if (!publicKey) throw new Error('no public key')
  return publicKey
}

test('a checkpoint verifies with the public key of its record alone', async () => {
  const fixture = await makeFixture()
  const checkpoint = await fixture.signer.sign(head, at)
  const publicKey = publicKeyOf(fixture, checkpoint.keyId)
  expect(verifyCheckpoint(checkpoint, publicKey)).toBe(true)
  // As a reader would without this program.
  const text = `["cardkeep-audit-checkpoint",12,"${'03'.repeat(32)}",${at}]`
  const key = createPublicKey({ key: Buffer.from(publicKey), format: 'der', type: 'spki' })
  expect(verify(null, Buffer.from(text), key, checkpoint.signature)).toBe(true)
})

test('a checkpoint of another chain than the main one signs its number too', async () => {
  const fixture = await makeFixture()
  const checkpoint = await fixture.signer.sign({ ...head, chain: 7 }, at)
  const publicKey = publicKeyOf(fixture, checkpoint.keyId)
  expect(checkpoint.chain).toBe(7)
  expect(verifyCheckpoint(checkpoint, publicKey)).toBe(true)
  for (const chain of [0, 1, 70]) expect(verifyCheckpoint({ ...checkpoint, chain }, publicKey)).toBe(false)
  const text = `["cardkeep-audit-checkpoint",12,"${'03'.repeat(32)}",${at},7]`
  const key = createPublicKey({ key: Buffer.from(publicKey), format: 'der', type: 'spki' })
  expect(verify(null, Buffer.from(text), key, checkpoint.signature)).toBe(true)
})

test('a checkpoint with another place, hash, time or signature does not verify', async () => {
  const fixture = await makeFixture()
  const checkpoint = await fixture.signer.sign(head, at)
  const publicKey = publicKeyOf(fixture, checkpoint.keyId)
  const forged = [
    { ...checkpoint, seq: 13 },
    { ...checkpoint, chain: 1 },
    { ...checkpoint, hash: head.hash.with(31, 4) },
    { ...checkpoint, at: epochMs(at + 1) },
    { ...checkpoint, signature: checkpoint.signature.with(0, (checkpoint.signature[0] ?? 0) ^ 1) },
    { ...checkpoint, signature: new Uint8Array() },
  ]
  for (const checkpointOf of forged) expect(verifyCheckpoint(checkpointOf, publicKey)).toBe(false)
})

test('a checkpoint does not verify with another key, or with a key of another kind', async () => {
  const { signer } = await makeFixture()
  const checkpoint = await signer.sign(head, at)
  const other = generateKeyPairSync('ed25519').publicKey
  expect(verifyCheckpoint(checkpoint, other)).toBe(false)
  const elliptic = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const text = `["cardkeep-audit-checkpoint",12,"${'03'.repeat(32)}",${at}]`
  const signature = sign(null, Buffer.from(text), elliptic.privateKey)
  expect(verifyCheckpoint({ ...checkpoint, signature }, elliptic.publicKey)).toBe(false)
})

test('a checkpoint of before a rotation still verifies, and the next is signed with the new key', async () => {
  const fixture = await makeFixture()
  const before = await fixture.signer.sign(head, at)
  await fixture.keyring.rotate({
    purpose: 'audit',
    owner: undefined,
    actor: { type: 'vault', id: undefined },
  })
  const after = await fixture.signer.sign(head, at)
  expect(after.keyId).not.toBe(before.keyId)
  expect(verifyCheckpoint(before, publicKeyOf(fixture, before.keyId))).toBe(true)
  expect(verifyCheckpoint(after, publicKeyOf(fixture, after.keyId))).toBe(true)
  expect(verifyCheckpoint(after, publicKeyOf(fixture, before.keyId))).toBe(false)
})
