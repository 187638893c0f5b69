import type { SessionPublicKey } from '@cardkeep/core/sessions/capture-session'
import { CompactEncrypt, type CompactJWEHeaderParameters, importJWK } from 'jose'

/** As a browser does it: `header` says what differs from what the vendor's SDK writes. */
export const sealPayload = async (
  { modulus, exponent }: SessionPublicKey,
  text: string | Uint8Array,
  header: Partial<CompactJWEHeaderParameters> = {},
): Promise<string> => {
  const protectedHeader = { alg: 'RSA-OAEP', enc: 'A256GCM', ...header }
  const key = await importJWK({ kty: 'RSA', n: modulus, e: exponent }, protectedHeader.alg)
  const bytes = typeof text === 'string' ? new TextEncoder().encode(text) : text
  return new CompactEncrypt(bytes).setProtectedHeader(protectedHeader).encrypt(key)
}
