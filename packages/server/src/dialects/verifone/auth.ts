import { decodeBase32, encodeBase32 } from '@cardkeep/core/kernel/base32'
import { bytesOfId, type CredentialId, idOfBytes } from '@cardkeep/core/kernel/ids'
import { Secret } from '@cardkeep/core/kernel/secret'
import type { Environment } from '@cardkeep/core/tenants/tenant'
import type { CredentialHeaders, PresentedCredential } from '../../http/dialect.ts'

/*
 * `Authorization: Basic` with `user_id:api_key` (RFC 7617). A user has several keys, so the key says which credential it
 * is: `vf_test_<id>_<secret>`, in base32, then 256 random bits. The whole text of it is what is proven, and the user must
 * be its own. wire: verifone §authentication, verified; the form of the key is Cardkeep's own.
 */

const header = /^basic +([^ ]+) *$/i
const form = /^vf_(?:test|live)_([a-z2-7]{26})_[a-z2-7]{52}$/

export const readCredential = (headers: CredentialHeaders): PresentedCredential | undefined => {
  const text = headers['authorization']
  if (typeof text !== 'string') return undefined
  const encoded = header.exec(text)?.[1]
  // Another scheme is no credential of this API.
  if (encoded === undefined) return undefined
  const pair = decode(encoded)
  const colon = pair?.indexOf(':') ?? -1
  // It was meant for one, and is refused and counted like a wrong one.
  if (pair === undefined || colon < 0) return { id: undefined, secret: encoded, publicKey: undefined }
  const secret = pair.slice(colon + 1)
  const bytes = decodeBase32(form.exec(secret)?.[1] ?? '')
  return {
    id: bytes && idOfBytes<CredentialId>(bytes),
    secret,
    publicKey: pair.slice(0, colon).toLowerCase(),
  }
}

const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$/
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

const decode = (encoded: string): string | undefined => {
  if (!base64.test(encoded)) return undefined
  try {
    return utf8.decode(Buffer.from(encoded, 'base64'))
  } catch {
    return undefined
  }
}

/** Spells a new API key from its id and 32 random bytes. */
export const spellCredential = (
  id: CredentialId,
  environment: Environment,
  random: Uint8Array,
): Secret<string> => new Secret(`vf_${environment}_${encodeBase32(bytesOfId(id))}_${encodeBase32(random)}`)
