import { randomBytes } from 'node:crypto'
import type { CredentialId } from '@cardkeep/core/kernel/ids'
import type { Secret } from '@cardkeep/core/kernel/secret'
import type { Ids } from '@cardkeep/core/ports'
import { userKeyLifetimeMs } from '@cardkeep/core/tenants/credential-use'
import type { Environment, Permission } from '@cardkeep/core/tenants/tenant'
import { spellCredential as spellHellgate } from './hellgate/auth.ts'
import { spellCredential as spellOzura } from './ozura/auth.ts'
import { spellCredential as spellPismo } from './pismo/auth.ts'
import { spellCredential as spellVerifone } from './verifone/auth.ts'

/** A new credential before it is kept: its proof, and how its dialect names the parts when they are handed out. */
export interface MintedCredential {
  readonly id: CredentialId
  readonly secret: Secret<string>
  /** Goes with the secret and is none: a public key, or whose it is. */
  readonly publicKey: string | undefined
  /** For how long it is good; `undefined`: until it is revoked. */
  readonly lifetimeMs: number | undefined
  readonly show: (open: (secret: Secret<string>) => string) => Readonly<Record<string, string>>
}

/** `user`: whose it is, in a dialect whose credentials belong to users; a new one unless named. */
type Mint = (
  id: CredentialId,
  environment: Environment,
  user: string | undefined,
  ids: Ids,
) => Omit<MintedCredential, 'id'>

/** Nothing goes with the secret, and it is good until it is revoked. */
const aloneForGood = { publicKey: undefined, lifetimeMs: undefined }

const mints = {
  ozura: (id, environment) => {
    const { apiKey, publicKey } = spellOzura(id, environment, {
      secret: randomBytes(32),
      public: randomBytes(24),
    })
    return {
      secret: apiKey,
      publicKey,
      lifetimeMs: undefined,
      show: (open) => ({ api_key: open(apiKey), pub_key: publicKey }),
    }
  },
  hellgate: (id, environment) => {
    const apiKey = spellHellgate(id, environment, randomBytes(32))
    return {
      secret: apiKey,
      ...aloneForGood,
      show: (open) => ({ api_key: open(apiKey) }),
    }
  },
  verifone: (id, environment, user, ids) => {
    const apiKey = spellVerifone(id, environment, randomBytes(32))
    const userId = user ?? ids.uuid()
    return {
      secret: apiKey,
      publicKey: userId,
      lifetimeMs: userKeyLifetimeMs,
      show: (open) => ({ user_id: userId, api_key: open(apiKey) }),
    }
  },
  pismo: (id, environment) => {
    const { clientId, clientSecret } = spellPismo(id, environment, randomBytes(32))
    return {
      secret: clientSecret,
      ...aloneForGood,
      show: (open) => ({ client_id: clientId, client_secret: open(clientSecret) }),
    }
  },
} as const satisfies Record<string, Mint>

export type MintableDialect = keyof typeof mints

const ofCards: readonly Permission[] = ['tokenize', 'forward']

/** What a credential may do unless its operator says otherwise. */
export const usualPermissions: Readonly<Record<MintableDialect, readonly Permission[]>> = {
  ozura: ofCards,
  hellgate: ofCards,
  verifone: ofCards,
  pismo: ['issue', 'show', 'verify'],
}

export const mintCredential = (
  dialect: MintableDialect,
  environment: Environment,
  ids: Ids,
  user?: string,
): MintedCredential => {
  const id = ids.uuid() as CredentialId
  return { id, ...mints[dialect](id, environment, user, ids) }
}
