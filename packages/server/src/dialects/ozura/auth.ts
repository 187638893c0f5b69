import { decodeBase32, encodeBase32 } from '@cardkeep/core/kernel/base32'
import { bytesOfId, type CredentialId, idOfBytes } from '@cardkeep/core/kernel/ids'
import { Secret } from '@cardkeep/core/kernel/secret'
import type { Environment } from '@cardkeep/core/tenants/tenant'
import type { CredentialHeaders, PresentedCredential } from '../../http/dialect.ts'

/*
 * An API key reads `key_test_<id>_<secret>`: which key it is, in base32, then 256 random bits. The whole text is what
 * is proven. The public key goes with it in `X-Pub-Key` and is no secret.
 */

const form = /^key_(?:test|live)_([a-z2-7]{26})_[a-z2-7]{52}$/

export const readCredential = (headers: CredentialHeaders): PresentedCredential | undefined => {
  const secret = headers['x-api-key']
  if (typeof secret !== 'string' || secret === '') return undefined
  const publicKey = headers['x-pub-key']
  const bytes = decodeBase32(form.exec(secret)?.[1] ?? '')
  return {
    id: bytes && idOfBytes<CredentialId>(bytes),
    secret,
    publicKey: typeof publicKey === 'string' ? publicKey : undefined,
  }
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
  apiKey: new Secret(`key_${environment}_${encodeBase32(bytesOfId(id))}_${encodeBase32(random.secret)}`),
  publicKey: `pk_${environment === 'live' ? 'prod' : 'test'}_${encodeBase32(random.public)}`,
})
