import type { CodeAddress } from '@cardkeep/core/codes/held-code'
import { openSecret, Secret } from '@cardkeep/core/kernel/secret'
import { epochMs } from '@cardkeep/core/kernel/time'
import { testCards } from '@cardkeep/testing/canary/cards'
import { createCountingIds, createFixedClock } from '@cardkeep/testing/clock'
import { accountOf, cardOf, numberOf } from '@cardkeep/testing/keys/fixture'
import { createMemoryKeyStore } from '@cardkeep/testing/keys/memory-key-store'
import { createMemoryRootKey } from '@cardkeep/testing/keys/memory-root-key'
import * as vectors from '@cardkeep/testing/keys/vectors'
import { describe, expect, test } from 'vitest'
import { createAuditSigner, verifyCheckpoint } from './audit-signer.ts'
import { createCardCipher } from './card-cipher.ts'
import { createClientKeySealer } from './client-key-sealer.ts'
import { createCodeSealer } from './code-sealer.ts'
import { createCredentialHasher } from './credential-hasher.ts'
import { createKeyring } from './keyring.ts'
import { createNetworkTokenCipher } from './network-token-cipher.ts'

const loadVectors = () => {
  const { records, keySet, rootKey } = vectors
  const store = createMemoryKeyStore({ records: [...records], keySet, audit: [] })
  const provider = createMemoryRootKey(rootKey)
  return createKeyring({ store, provider, clock: createFixedClock(), ids: createCountingIds() })
}

const place = { scopeId: vectors.scopeId, tokenId: vectors.tokenId, environment: 'live' } as const
const session: CodeAddress = { type: 'session', tenantId: vectors.tenantId, sessionId: vectors.sessionId }

describe('a set of keys that was computed outside this program', () => {
  test('loads, and the counter of its set is remembered', async () => {
    const provider = createMemoryRootKey(vectors.rootKey)
    const store = createMemoryKeyStore({ records: [...vectors.records], keySet: vectors.keySet, audit: [] })
    const keyring = await createKeyring({
      store,
      provider,
      clock: createFixedClock(),
      ids: createCountingIds(),
    })
    expect(keyring.list().map(({ purpose, version, state }) => `${purpose} ${version} ${state}`)).toEqual([
      'credential 1 active',
      'audit 1 active',
      'code 1 active',
      'card 1 decrypt-only',
      'card 2 active',
      'fingerprint 1 active',
      'code 1 active',
      'client-tls 1 active',
      // Kinds of keys that were not there when it was computed are made when it is loaded.
      'idempotency 1 active',
      'provider-header 1 active',
      'webhook 1 active',
      'capture 1 active',
    ])
    expect(provider.remembered()).toBe(8)
  })

  test('opens the card that was sealed under each version of its key', async () => {
    const cipher = createCardCipher(await loadVectors())
    for (const sealed of vectors.sealedCards) {
      const card = await cipher.open(place, sealed)
      expect(numberOf(card)).toBe(testCards.visa)
      expect(card).toMatchObject({
        type: 'card',
        expiry: { month: 12, year: 2030, yearDigits: 4 },
        holder: { firstName: 'Ada', lastName: undefined },
      })
    }
  })

  test('opens a card whose holder has one name that is not cut in two', async () => {
    const card = await createCardCipher(await loadVectors()).open(place, vectors.sealedCardOfFullName)
    expect(numberOf(card)).toBe(testCards.visa)
    expect(card.holder).toEqual({ firstName: undefined, lastName: undefined, fullName: 'Ada Lovelace' })
  })

  test('opens an account, which is sealed under the key of cards', async () => {
    const account = await createCardCipher(await loadVectors()).open(place, vectors.sealedAccount)
    expect(numberOf(account)).toBe('000123456789')
    expect(account).toMatchObject({
      type: 'bank',
      routingNumber: '110000000',
      accountType: 'checking',
      holder: { firstName: 'Ada', lastName: undefined },
    })
  })

  test('opens a network token, which is sealed under the key of cards', async () => {
    const { networkTokenId: id, sealedNetworkToken } = vectors
    const issued = await createNetworkTokenCipher(await loadVectors()).open(
      { ...place, id },
      sealedNetworkToken,
    )
    expect(issued.number && openSecret(issued.number, 'check')).toBe('9999000000000018')
    expect(issued).toMatchObject({
      expiry: { month: 4, year: 2033, yearDigits: 4 },
      accountReference: 'SIM0ABCDEFGHIJKLMNOPQRSTUVWXY',
    })
  })

  test.each([
    ['card', cardOf(testCards.visa), vectors.fingerprint],
    ['account', accountOf('000123456789'), vectors.accountFingerprint],
  ])('gives a %s its fingerprint', async (_, instrument, fingerprint) => {
    const hashes = await createCardCipher(await loadVectors()).fingerprints(place, instrument)
    expect(hashes.map(({ hash, keyVersion }) => [Buffer.from(hash).toString('hex'), keyVersion])).toEqual([
      [fingerprint, 1],
    ])
  })

  test('opens a held code, and names its address by session and by token, and its token', async () => {
    const sealer = createCodeSealer(await loadVectors())
    const { tenantId, tokenId } = vectors
    expect(openSecret(await sealer.open(place, session, vectors.sealedCode), 'render')).toBe('123')
    expect(sealer.name(session).toString('hex')).toBe(vectors.sessionName)
    expect(sealer.name({ type: 'token', tenantId, tokenId }).toString('hex')).toBe(vectors.nameByToken)
    expect(sealer.tokenName(tokenId).toString('hex')).toBe(vectors.tokenName)
  })

  test('opens the private key of a destination', async () => {
    const destination = { tenantId: vectors.tenantId, id: vectors.destinationId }
    const pem = await createClientKeySealer(await loadVectors()).open(destination, vectors.sealedPem)
    expect(openSecret(pem, 'authenticate')).toBe(vectors.pem)
  })

  test('hashes a credential', async () => {
    const hasher = createCredentialHasher(await loadVectors())
    const hash = hasher.hash(new Secret(vectors.credentialSecret), vectors.credentialId)
    expect(Buffer.from(hash).toString('hex')).toBe(vectors.credentialHash)
  })

  test('signs the head of the audit log', async () => {
    const at = epochMs(Date.UTC(2026, 0, 1))
    const head = { chain: 0, seq: 9, hash: new Uint8Array(32).fill(0xab) }
    const checkpoint = await createAuditSigner(await loadVectors()).sign(head, at)
    expect(Buffer.from(checkpoint.signature)).toEqual(Buffer.from(vectors.checkpointSignature))
    const audit = vectors.records.find(({ id }) => id === checkpoint.keyId)
    expect(verifyCheckpoint(checkpoint, audit?.publicKey ?? new Uint8Array())).toBe(true)
  })
})
