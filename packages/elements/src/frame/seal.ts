/** The public RSA key of a session, its numbers in base64url. */
export interface SessionKey {
  readonly n: string
  readonly e: string
}

/**
 * A compact JWE (RFC 7516) under a content key that is used once, which is wrapped for the session's key. The session's
 * id stands in the protected header, so that the payload is of no use to another session. All of the cryptography is
 * the browser's.
 */
export const seal = async (payload: object, sessionId: string, key: SessionKey): Promise<string> => {
  const header = encode(utf8(JSON.stringify({ alg: 'RSA-OAEP-256', enc: 'A256GCM', sid: sessionId })))
  const sessionKey = await crypto.subtle.importKey(
    'jwk',
    { kty: 'RSA', n: key.n, e: key.e },
    { name: 'RSA-OAEP', hash: 'SHA-256' },
    false,
    ['wrapKey'],
  )
  const contentKey = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, true, ['encrypt'])
  const wrapped = await crypto.subtle.wrapKey('raw', contentKey, sessionKey, { name: 'RSA-OAEP' })
  const iv = crypto.getRandomValues(new Uint8Array(12))
  const sealed = new Uint8Array(
    await crypto.subtle.encrypt(
      { name: 'AES-GCM', iv, additionalData: utf8(header), tagLength: tagBytes * 8 },
      contentKey,
      utf8(JSON.stringify(payload)),
    ),
  )
  const parts = [new Uint8Array(wrapped), iv, sealed.slice(0, -tagBytes), sealed.slice(-tagBytes)]
  return [header, ...parts.map(encode)].join('.')
}

/** WebCrypto puts the tag behind the text; a JWE has it in a part of its own. */
const tagBytes = 16

const utf8 = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text)

const encode = (bytes: Uint8Array): string =>
  btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '')
