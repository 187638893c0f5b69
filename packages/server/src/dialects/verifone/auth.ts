import { createApiKeys } from '../../http/api-keys.ts'
import type { CredentialHeaders, PresentedCredential } from '../../http/dialect.ts'

/*
 * `Authorization: Basic` with `user_id:api_key` (RFC 7617). A user has several keys, so the key says which credential it
 * is, and the user must be its own; it reads `vf_test_<id>_<secret>`. wire: verifone §authentication, verified; how strictly
 * the header is read is inferred, the form of the key is Cardkeep's own.
 */

const header = /^basic +([^ ]+) *$/i
const keys = createApiKeys('vf')

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
  return { ...keys.present(pair.slice(colon + 1)), publicKey: pair.slice(0, colon).toLowerCase() }
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

export const spellCredential = keys.spell
