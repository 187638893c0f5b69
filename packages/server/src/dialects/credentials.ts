import { randomBytes } from 'node:crypto'
import type { CredentialId } from '@cardkeep/core/kernel/ids'
import type { Secret } from '@cardkeep/core/kernel/secret'
import type { Ids } from '@cardkeep/core/ports'
import type { Environment } from '@cardkeep/core/tenants/tenant'
import { spellCredential as spellHellgate } from './hellgate/auth.ts'
import { spellCredential as spellOzura } from './ozura/auth.ts'

/** A new credential before it is kept: its proof, and how its dialect names the parts when they are handed out. */
export interface MintedCredential {
  readonly id: CredentialId
  readonly secret: Secret<string>
  readonly publicKey: string | undefined
  readonly show: (open: (secret: Secret<string>) => string) => Readonly<Record<string, string>>
}

type Mint = (id: CredentialId, environment: Environment) => Omit<MintedCredential, 'id'>

const mints = {
  ozura: (id, environment) => {
    const { apiKey, publicKey } = spellOzura(id, environment, {
      secret: randomBytes(32),
      public: randomBytes(24),
    })
    return { secret: apiKey, publicKey, show: (open) => ({ api_key: open(apiKey), pub_key: publicKey }) }
  },
  hellgate: (id, environment) => {
    const apiKey = spellHellgate(id, environment, randomBytes(32))
    return { secret: apiKey, publicKey: undefined, show: (open) => ({ api_key: open(apiKey) }) }
  },
} as const satisfies Record<string, Mint>

export type MintableDialect = keyof typeof mints

export const mintCredential = (
  dialect: MintableDialect,
  environment: Environment,
  ids: Ids,
): MintedCredential => {
  const id = ids.uuid() as CredentialId
  return { id, ...mints[dialect](id, environment) }
}
