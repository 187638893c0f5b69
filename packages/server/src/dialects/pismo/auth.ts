import { encodeBase32 } from '@cardkeep/core/kernel/base32'
import type { CredentialId } from '@cardkeep/core/kernel/ids'
import { Secret } from '@cardkeep/core/kernel/secret'
import type { Environment } from '@cardkeep/core/tenants/tenant'
import type { CredentialHeaders } from '../../http/dialect.ts'

/*
 * A client shows `client_id` and `client_secret` once and gets an access token, which it shows as `Authorization: Bearer`
 * (RFC 6750). The id is the credential's own; the secret reads `ps_test_<secret>`, 256 random bits in base32, and the whole
 * text is what is proven. wire: pismo §tokens, verified; the forms of id and secret are Cardkeep's own.
 */

const header = /^bearer +(\S.*)$/i

export const readBearer = (headers: CredentialHeaders): Secret<string> | undefined => {
  const text = headers['authorization']
  const token = typeof text === 'string' ? header.exec(text)?.[1]?.trimEnd() : undefined
  // Another scheme is no token; whatever stands behind this one was meant for one, and is refused as a bad one.
  return token === undefined ? undefined : new Secret(token)
}

export interface ClientCredential {
  readonly clientId: string
  readonly clientSecret: Secret<string>
}

/** Spells a new credential from its id and 32 random bytes. */
export const spellCredential = (
  id: CredentialId,
  environment: Environment,
  random: Uint8Array,
): ClientCredential => ({
  clientId: id,
  clientSecret: new Secret(`ps_${environment}_${encodeBase32(random)}`),
})
