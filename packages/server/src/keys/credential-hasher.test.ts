import { type CredentialId, parseId } from '@cardkeep/core/kernel/ids'
import { Secret } from '@cardkeep/core/kernel/secret'
import { createCountingIds, createFixedClock } from '@cardkeep/testing/clock'
import { createKeyFixture } from '@cardkeep/testing/keys/fixture'
import { expect, test } from 'vitest'
import { createCredentialHasher } from './credential-hasher.ts'

const idOf = (last: number): CredentialId => {
  const id = parseId<CredentialId>(`000000c4-0000-4000-8000-00000000000${last}`)
  if (!id) throw new Error('not an id')
  return id
}
const id = idOf(1)
const secret = new Secret('a secret that is long enough')

const makeFixture = async () => {
  const fixture = await createKeyFixture({ clock: createFixedClock(), ids: createCountingIds() })
  return { ...fixture, hasher: createCredentialHasher(fixture.keyring) }
}

test('a hash matches its own secret and no other', async () => {
  const { hasher } = await makeFixture()
  const hash = hasher.hash(secret, id)
  expect(hash.length).toBe(32)
  expect(hasher.matches(hash, secret, id)).toBe(true)
  expect(hasher.matches(hash, new Secret('a secret that is long enougH'), id)).toBe(false)
})

test('a hash does not match when it stands at another credential', async () => {
  const { hasher } = await makeFixture()
  expect(hasher.matches(hasher.hash(secret, id), secret, idOf(2))).toBe(false)
})

test('a hash of another length matches nothing', async () => {
  const { hasher } = await makeFixture()
  expect(hasher.matches(hasher.hash(secret, id).subarray(0, 31), secret, id)).toBe(false)
  expect(hasher.matches(new Uint8Array(), secret, id)).toBe(false)
})

test('a credential of before a rotation still matches, and a new one is hashed under the new key', async () => {
  const { hasher, keyring } = await makeFixture()
  const before = hasher.hash(secret, id)
  await keyring.rotate({ purpose: 'credential', owner: undefined, actor: { type: 'vault', id: undefined } })
  const after = hasher.hash(secret, id)
  expect(Buffer.from(after)).not.toEqual(Buffer.from(before))
  expect(hasher.matches(before, secret, id)).toBe(true)
  expect(hasher.matches(after, secret, id)).toBe(true)
})

test('what was proven once is proven again, and lets no other secret, hash or credential in', async () => {
  const { hasher } = await makeFixture()
  const hash = hasher.hash(secret, id)
  const other = new Secret('another secret that is long enough')
  for (let round = 0; round < 2; round++) {
    expect(hasher.matches(hash, secret, id)).toBe(true)
    expect(hasher.matches(hash, other, id)).toBe(false)
    expect(hasher.matches(hasher.hash(other, id), secret, id)).toBe(false)
    expect(hasher.matches(hash, secret, idOf(2))).toBe(false)
  }
})

test('a secret that was proven under a key is worth nothing once the key is gone', async () => {
  const { keyring } = await makeFixture()
  let owned = keyring.vaultKeys('credential')
  const hasher = createCredentialHasher({ vaultKeys: () => owned })
  const hash = hasher.hash(secret, id)
  expect(hasher.matches(hash, secret, id)).toBe(true)
  owned = { active: undefined, usable: [] }
  expect(hasher.matches(hash, secret, id)).toBe(false)
})
