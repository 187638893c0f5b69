import { join } from 'node:path'
import type { Clock, Ids, KeyMaker, Store } from '@cardkeep/core/ports'
import { randomIds, systemClock } from '../clock.ts'
import type { Config } from '../config.ts'
import { type AuditSigner, createAuditSigner } from '../keys/audit-signer.ts'
import { type ClientKeySealer, createClientKeySealer } from '../keys/client-key-sealer.ts'
import { type CredentialHasher, createCredentialHasher } from '../keys/credential-hasher.ts'
import { createKeyring, type Keyring } from '../keys/keyring.ts'
import { createProviderHeaderSealer, type ProviderHeaderSealer } from '../keys/provider-header-sealer.ts'
import { openFileRootKey } from '../keys/providers/file.ts'
import { createWebhookSealer, type WebhookSealer } from '../keys/webhook-sealer.ts'
import { openSqliteStore, type SqliteStore } from '../storage/sqlite/store.ts'

/** The vault without its door: a store and keys. A command needs no more, and a server is built on it. */
export interface Vault {
  readonly config: Config
  readonly store: SqliteStore
  readonly keyring: Keyring
  readonly credentials: CredentialHasher
  readonly clientKeys: ClientKeySealer
  readonly providerHeaders: ProviderHeaderSealer
  readonly webhookSecrets: WebhookSealer
  readonly auditSigner: AuditSigner
  readonly clock: Clock
  readonly ids: Ids
  /** What the operations of operators are handed. */
  readonly operatorPorts: {
    readonly store: Store
    readonly clock: Clock
    readonly ids: Ids
    readonly keys: KeyMaker
  }
  close(): Promise<void>
}

/** Opens database and keys, making both on a first start. It may be open in several processes at once. */
export const openVault = async (config: Config): Promise<Vault> => {
  const clock = systemClock
  const ids = randomIds
  const file = join(config.dataFolder, 'cardkeep.db')
  const store = await openSqliteStore({ file })
  try {
    const provider = await openFileRootKey({
      path: config.rootKeyFile,
      forbiddenFolder: config.dataFolder,
      // A database with keys in it is never given a new root key: it could open none of them.
      mayCreate: (await store.keySet()) === undefined,
    })
    const keyring = await createKeyring({ store, provider, clock, ids })
    return {
      config,
      store,
      keyring,
      credentials: createCredentialHasher(keyring),
      clientKeys: createClientKeySealer(keyring),
      providerHeaders: createProviderHeaderSealer(keyring),
      webhookSecrets: createWebhookSealer(keyring),
      auditSigner: createAuditSigner(keyring),
      clock,
      ids,
      operatorPorts: { store, clock, ids, keys: keyring },
      close: () => store.close(),
    }
  } catch (error) {
    await store.close()
    throw error
  }
}
