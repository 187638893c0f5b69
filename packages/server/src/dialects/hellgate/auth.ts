import { decodeBase32, encodeBase32 } from '@cardkeep/core/kernel/base32'
import { bytesOfId, type CredentialId, idOfBytes } from '@cardkeep/core/kernel/ids'
import { Secret } from '@cardkeep/core/kernel/secret'
import type { Environment } from '@cardkeep/core/tenants/tenant'
import type { CredentialHeaders, PresentedCredential } from '../../http/dialect.ts'

/*
 * An API key reads `hg_test_<id>_<secret>`: which key it is, in base32, then 256 random bits. The whole text is what is
 * proven. wire: hellgate §authentication: the header is verified, callers treat the key as opaque.
 */

const form = /^hg_(?:test|live)_([a-z2-7]{26})_[a-z2-7]{52}$/

export const readCredential = (headers: CredentialHeaders): PresentedCredential | undefined => {
  const secret = headers['x-api-key']
  if (typeof secret !== 'string' || secret === '') return undefined
  const bytes = decodeBase32(form.exec(secret)?.[1] ?? '')
  return { id: bytes && idOfBytes<CredentialId>(bytes), secret, publicKey: undefined }
}

/** Spells a new API key from its id and 32 random bytes. */
export const spellCredential = (
  id: CredentialId,
  environment: Environment,
  random: Uint8Array,
): Secret<string> => new Secret(`hg_${environment}_${encodeBase32(bytesOfId(id))}_${encodeBase32(random)}`)
