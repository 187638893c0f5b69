import { join } from 'node:path'
import type {
  AccessKeyMaker,
  CaptureKeyMaker,
  CardCipher,
  Clock,
  CodeStore,
  CvkKeeper,
  Ids,
  KeyMaker,
  NetworkTokenProviders,
  Store,
} from '@cardkeep/core/ports'
import { createCaptureKeyMaker } from '../captures/capture-key-maker.ts'
import { randomIds, systemClock } from '../clock.ts'
import type { Config } from '../config.ts'
import { createCodeStore } from '../ephemeral/code-store.ts'
import { type AuditSigner, createAuditSigner } from '../keys/audit-signer.ts'
import { createCapturePrivateSealer } from '../keys/capture-private-sealer.ts'
import { createCardCipher } from '../keys/card-cipher.ts'
import { type ClientKeySealer, createClientKeySealer } from '../keys/client-key-sealer.ts'
import { createCodeSealer } from '../keys/code-sealer.ts'
import { type CredentialHasher, createCredentialHasher } from '../keys/credential-hasher.ts'
import { createCvkKeeper } from '../keys/cvk-keeper.ts'
import { createKeyring, type Keyring } from '../keys/keyring.ts'
import { createAccountHash } from '../keys/name-hash.ts'
import { createProviderHeaderSealer, type ProviderHeaderSealer } from '../keys/provider-header-sealer.ts'
import { openFileRootKey } from '../keys/providers/file.ts'
import { createWebhookSealer, type WebhookSealer } from '../keys/webhook-sealer.ts'
import { createNetworkTokenProviders } from '../network-tokens/providers.ts'
import { createAccessKeyMaker } from '../passport/access-key-maker.ts'
import { describeServer, type ServerFacts } from '../storage/postgres/describe-server.ts'
import { createServerClock, type HearingClock } from '../storage/postgres/server-clock.ts'
import { openPostgresStore } from '../storage/postgres/store.ts'
import type { ServerStore } from '../storage/server-store.ts'
import { openSqliteStore } from '../storage/sqlite/store.ts'
import { openEphemeral } from './open-ephemeral.ts'

export interface DatabaseFacts extends ServerFacts {
  /** By how much the clock of this machine is ahead of the server's. */
  readonly clockAheadMs: number
}

/** The vault without its door: a store and keys. A command needs no more, and a server is built on it. */
export interface Vault {
  readonly config: Config
  readonly store: ServerStore
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
    readonly captureKeyMaker: CaptureKeyMaker
    readonly cvks: CvkKeeper
    readonly accessKeys: AccessKeyMaker
    /** For what is told of a card: an operator is shown none. */
    readonly cipher: Pick<CardCipher, 'open'>
    readonly networkTokens: NetworkTokenProviders
  }
  /**
   * The codes of all nodes, connected to when first asked for; to drop, also where none may be held. `undefined` where each
   * process has its own.
   */
  readonly sharedCodes: ((use?: 'drop') => Promise<CodeStore>) | undefined
  /** What an operator decides about the server of the database; `undefined` where it is a file. */
  readonly databaseFacts: (() => Promise<DatabaseFacts>) | undefined
  close(): Promise<void>
}

/** A command writes beside others; what serves writes much, and waits for nobody where the database allows it. */
export type VaultUse = 'command' | 'serve'

/** Opens database and keys, making both on a first start. It may be open in several processes at once. */
export const openVault = async (config: Config, use: VaultUse = 'command'): Promise<Vault> => {
  const clock = createClock(config)
  const ids = randomIds
  const store = await openStore(config, use, clock)
  try {
    const provider = await openFileRootKey({
      path: config.rootKeyFile,
      forbiddenFolder: config.database.type === 'sqlite' ? config.dataFolder : undefined,
      // A database with keys in it is never given a new root key: it could open none of them.
      mayCreate: (await store.keySet()) === undefined,
    })
    const keyring = await createKeyring({ store, provider, clock, ids })
    const codes = connectCodes({ config, store, keyring, clock })
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
      operatorPorts: {
        ...{ store, clock, ids, keys: keyring, cipher: createCardCipher(keyring) },
        networkTokens: createNetworkTokenProviders(createAccountHash(keyring)),
        captureKeyMaker: createCaptureKeyMaker(createCapturePrivateSealer(keyring)),
        cvks: createCvkKeeper(keyring),
        accessKeys: createAccessKeyMaker(keyring),
      },
      sharedCodes: config.codes.type === 'memory' ? undefined : codes.open,
      databaseFacts: factsOf(config, clock),
      close: async () => {
        await codes.close()
        await store.close()
      },
    }
  } catch (error) {
    await store.close()
    throw error
  }
}

/** Vaults on one server go by the server's clock. */
export const createClock = ({ database }: Pick<Config, 'database'>): HearingClock =>
  database.type === 'sqlite' ? systemClock : createServerClock(systemClock)

const factsOf = ({ database }: Config, clock: Clock): Vault['databaseFacts'] =>
  database.type === 'sqlite'
    ? undefined
    : async () => ({ ...(await describeServer(database)), clockAheadMs: systemClock.now() - clock.now() })

export const openStore = (
  { database, dataFolder }: Config,
  use: VaultUse,
  clock: HearingClock,
): Promise<ServerStore> =>
  database.type === 'sqlite'
    ? openSqliteStore({ file: join(dataFolder, 'cardkeep.db') })
    : openPostgresStore({ settings: database, chain: use === 'serve' ? 'own' : 'main', clock })

/** Most commands need no codes, and must work where the server for them is away. */
const connectCodes = (parts: Pick<Vault, 'config' | 'store' | 'keyring' | 'clock'>) => {
  let opening: ReturnType<typeof openEphemeral> | undefined
  return {
    open: async (use?: 'drop'): Promise<CodeStore> => {
      opening ??= openEphemeral({ ...parts, isForRemoval: use === 'drop' })
      return createCodeStore(createCodeSealer(parts.keyring), (await opening).codes)
    },
    close: async (): Promise<void> => {
      const ephemeral = await opening?.catch(() => undefined)
      await ephemeral?.close()
    },
  }
}
