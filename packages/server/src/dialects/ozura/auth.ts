import { encodeBase32 } from '@cardkeep/core/kernel/base32'
import type { CredentialId } from '@cardkeep/core/kernel/ids'
import type { Secret } from '@cardkeep/core/kernel/secret'
import type { Environment } from '@cardkeep/core/tenants/tenant'
import { createApiKeys } from '../../http/api-keys.ts'
import type { CredentialHeaders, PresentedCredential } from '../../http/dialect.ts'

/* A key reads `key_test_<id>_<secret>`. The public key goes with it in `X-Pub-Key` and is no secret. */
const keys = createApiKeys('key')

export const readCredential = (headers: CredentialHeaders): PresentedCredential | undefined => {
  const presented = keys.inHeader(headers)
  const publicKey = headers['x-pub-key']
  return presented && { ...presented, publicKey: typeof publicKey === 'string' ? publicKey : undefined }
}

export interface OzuraCredential {
  readonly apiKey: Secret<string>
  readonly publicKey: string
}

/** Spells a new credential from its id and random bytes: 32 for the secret, 24 for the public key. */
export const spellCredential = (
  id: CredentialId,
  environment: Environment,
  random: { readonly secret: Uint8Array; readonly public: Uint8Array },
): OzuraCredential => ({
  apiKey: keys.spell(id, environment, random.secret),
  publicKey: `pk_${environment === 'live' ? 'prod' : 'test'}_${encodeBase32(random.public)}`,
})
