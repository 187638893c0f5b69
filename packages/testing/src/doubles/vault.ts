import { join } from 'node:path'
import type { CredentialId } from '@cardkeep/core/kernel/ids'
import { type CreateTenant, createTenant } from '@cardkeep/core/operations/administration/create-tenant'
import type { Caller } from '@cardkeep/core/operations/caller'
import type { Operator } from '@cardkeep/core/operations/operator'
import type {
  AccessKeyMaker,
  CaptureKeyMaker,
  CaptureMarks,
  CardCipher,
  CodeStore,
  CvkKeeper,
  CvvDeriver,
  Draws,
  Ids,
  IssuedCardCipher,
  NetworkTokenCipher,
  NetworkTokenProviders,
  PendingTries,
  SessionKeys,
  SessionStore,
  Store,
} from '@cardkeep/core/ports'
import type { Tenant } from '@cardkeep/core/tenants/tenant'
import { createCaptureKeyMaker } from '@cardkeep/server/captures/capture-key-maker'
import { createCaptureMarks } from '@cardkeep/server/ephemeral/capture-marks'
import { createCodeStore } from '@cardkeep/server/ephemeral/code-store'
import { createGuessLimits, type MemoryGuessLimits } from '@cardkeep/server/ephemeral/memory/guess-limits'
import { createLockouts } from '@cardkeep/server/ephemeral/memory/lockouts'
import { createMemoryBackend, type MemoryBackend } from '@cardkeep/server/ephemeral/memory/memory-backend'
import { createMemoryMarks } from '@cardkeep/server/ephemeral/memory/memory-marks'
import { createMemorySessions } from '@cardkeep/server/ephemeral/memory/memory-sessions'
import { createMemoryTries } from '@cardkeep/server/ephemeral/memory/memory-tries'
import { createSessionStore } from '@cardkeep/server/ephemeral/session-store'
import { createCredentialProver, proveClientsOf } from '@cardkeep/server/http/prove-credential'
import { createRefusalNotes } from '@cardkeep/server/http/refusal-notes'
import { createAccessKeySealer } from '@cardkeep/server/keys/access-key-sealer'
import { type AuditSigner, createAuditSigner } from '@cardkeep/server/keys/audit-signer'
import { createCapturePrivateSealer } from '@cardkeep/server/keys/capture-private-sealer'
import { createCardCipher } from '@cardkeep/server/keys/card-cipher'
import { createCodeSealer } from '@cardkeep/server/keys/code-sealer'
import { type CredentialHasher, createCredentialHasher } from '@cardkeep/server/keys/credential-hasher'
import { createCvkKeeper } from '@cardkeep/server/keys/cvk-keeper'
import { createCvvDeriver } from '@cardkeep/server/keys/cvv-deriver'
import { createIssuedCardCipher } from '@cardkeep/server/keys/issued-card-cipher'
import { createKeyring, type Keyring } from '@cardkeep/server/keys/keyring'
import { createAccountHash, createNameHash } from '@cardkeep/server/keys/name-hash'
import { createNetworkTokenCipher } from '@cardkeep/server/keys/network-token-cipher'
import { createSessionKeySealer } from '@cardkeep/server/keys/session-key-sealer'
import { createSessionKeys } from '@cardkeep/server/keys/session-keys'
import { createSessionSealer } from '@cardkeep/server/keys/session-sealer'
import { keysOfOneProcess } from '@cardkeep/server/keys/shared-keys'
import { createNetworkTokenProviders } from '@cardkeep/server/network-tokens/providers'
import { createAccessKeyMaker } from '@cardkeep/server/passport/access-key-maker'
import { createPassport, type Passport } from '@cardkeep/server/passport/passport'
import { openSqliteStore, type SqliteStore } from '@cardkeep/server/storage/sqlite/store'
import { createCountingIds, createFixedClock, createSeededDraws } from '../clock.ts'
import { drawAccessKey } from '../keys/access-key.ts'
import { createMemoryRootKey } from '../keys/memory-root-key.ts'
import { drawPrivateKey } from '../keys/session-key.ts'
import { makeWorkspace } from '../workspace.ts'
import { type CapturesDouble, createCapturesDouble } from './captures.ts'

/** A vault without its door: the real store, keys and codes, on a clock and ids that a test knows. */
export interface TestVault {
  readonly store: SqliteStore
  readonly codes: CodeStore
  readonly backend: MemoryBackend
  readonly guesses: MemoryGuessLimits
  readonly sessions: SessionStore
  readonly sessionKeys: SessionKeys
  readonly cipher: CardCipher
  readonly captures: CapturesDouble
  readonly captureKeyMaker: CaptureKeyMaker
  readonly captureMarks: CaptureMarks
  readonly networkTokens: NetworkTokenProviders
  readonly networkTokenCipher: NetworkTokenCipher
  readonly issuedCards: IssuedCardCipher
  readonly cvvs: CvvDeriver
  readonly cvks: CvkKeeper
  readonly accessKeys: AccessKeyMaker
  readonly draws: Draws
  readonly pendingTries: PendingTries
  readonly passport: Passport
  readonly keyring: Keyring
  readonly credentials: CredentialHasher
  readonly signer: AuditSigner
  readonly clock: ReturnType<typeof createFixedClock>
  readonly ids: Ids
  close(): Promise<void>
}

export const testOperator: Operator = { name: 'operator' }

export const openTestVault = async (codesPerTenant = 1_000): Promise<TestVault> => {
  const clock = createFixedClock()
  const ids = createCountingIds()
  const store = await openSqliteStore({ file: join(makeWorkspace().path, 'data', 'cardkeep.db') })
  const keyring = await createKeyring({ store, provider: createMemoryRootKey(), clock, ids })
  const backend = createMemoryBackend({ clock, limitPerOwner: codesPerTenant })
  const credentials = createCredentialHasher(keyring)
  const readiness = { auditFailed: () => undefined }
  const prover = createCredentialProver(
    { store, clock, readiness },
    credentials,
    createLockouts(clock),
    createRefusalNotes(clock),
  )
  return {
    store,
    codes: createCodeStore(createCodeSealer(keyring), backend),
    backend,
    guesses: createGuessLimits(clock),
    sessions: createSessionStore(createSessionSealer(keyring), createMemorySessions(clock)),
    sessionKeys: createSessionKeys({
      sealer: createSessionKeySealer(keyring),
      shared: keysOfOneProcess,
      clock,
      makeKey: drawPrivateKey,
    }),
    cipher: createCardCipher(keyring),
    captures: createCapturesDouble(),
    captureKeyMaker: createCaptureKeyMaker(createCapturePrivateSealer(keyring)),
    captureMarks: createCaptureMarks(createNameHash(keyring), createMemoryMarks(clock)),
    networkTokens: createNetworkTokenProviders(createAccountHash(keyring)),
    networkTokenCipher: createNetworkTokenCipher(keyring),
    issuedCards: createIssuedCardCipher(keyring),
    cvvs: createCvvDeriver(keyring),
    cvks: createCvkKeeper(keyring),
    accessKeys: createAccessKeyMaker(keyring, drawAccessKey),
    draws: createSeededDraws(),
    pendingTries: createMemoryTries(),
    passport: createPassport({
      ...{ store, sealer: createAccessKeySealer(keyring), clock },
      prove: proveClientsOf('pismo', prover),
    }),
    keyring,
    credentials,
    signer: createAuditSigner(keyring),
    clock,
    ids,
    close: () => store.close(),
  }
}

/** Makes a tenant as an operator does; a live one that does not de-duplicate unless it is told otherwise. */
export const addTenant = async (
  { store, clock, ids, keyring }: Pick<TestVault, 'clock' | 'ids' | 'keyring'> & { readonly store: Store },
  name: string,
  parts: Partial<Omit<CreateTenant, 'name'>> = {},
): Promise<Tenant> => {
  const wish: CreateTenant = { name, environment: 'live', deduplicates: false, ...parts }
  const made = await createTenant({ store, clock, ids, keys: keyring }, testOperator, wish)
  if (!made.ok) throw new Error(`a test could not make the tenant ${name}: ${made.error.type}`)
  return made.value
}

/** A caller of the tenant with every permission. */
export const callerOf = (tenant: Tenant): Caller => ({
  principal: {
    tenant,
    credentialId: '00000000-0000-4000-8000-00000000c0de' as CredentialId,
    permissions: ['tokenize', 'forward'],
  },
  requestId: '00000000-0000-4000-8000-00000000f00d',
  origin: '192.0.2.1',
})
