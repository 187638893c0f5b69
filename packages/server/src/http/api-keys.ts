import { decodeBase32, encodeBase32 } from '@cardkeep/core/kernel/base32'
import { bytesOfId, type CredentialId, idOfBytes } from '@cardkeep/core/kernel/ids'
import { Secret } from '@cardkeep/core/kernel/secret'
import type { Environment } from '@cardkeep/core/tenants/tenant'
import type { CredentialHeaders, PresentedCredential } from './dialect.ts'

/*
 * An API key reads `<prefix>_test_<id>_<secret>`: which key it is, in base32, then 256 random bits. The whole text is what
 * is proven. Dialects whose callers show a key spell it so, each behind a prefix of its own.
 */
export interface ApiKeys {
  /** What a text shows that was meant for a key. One of another form names nobody, and is refused and counted as a wrong one. */
  readonly present: (text: string) => PresentedCredential
  /** The key of a request that shows it as `X-API-Key`. */
  readonly inHeader: (headers: CredentialHeaders) => PresentedCredential | undefined
  /** Spells a new key from its id and 32 random bytes. */
  readonly spell: (id: CredentialId, environment: Environment, random: Uint8Array) => Secret<string>
}

export const createApiKeys = (prefix: string): ApiKeys => {
  const form = new RegExp(`^${prefix}_(?:test|live)_([a-z2-7]{26})_[a-z2-7]{52}$`)
  const present = (text: string): PresentedCredential => {
    const bytes = decodeBase32(form.exec(text)?.[1] ?? '')
    return { id: bytes && idOfBytes<CredentialId>(bytes), secret: text, publicKey: undefined }
  }
  return {
    present,
    inHeader: ({ 'x-api-key': text }) =>
      typeof text === 'string' && text !== '' ? present(text) : undefined,
    spell: (id, environment, random) =>
      new Secret(`${prefix}_${environment}_${encodeBase32(bytesOfId(id))}_${encodeBase32(random)}`),
  }
}
