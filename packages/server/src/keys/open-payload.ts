import { createHash, type KeyObject } from 'node:crypto'
import { ok, type Result, refuse } from '@cardkeep/core/kernel/result'
import { Secret } from '@cardkeep/core/kernel/secret'
import type { OpenedPayload } from '@cardkeep/core/ports'
import type { CaptureSession, SessionPublicKey } from '@cardkeep/core/sessions/capture-session'
import { compactDecrypt } from 'jose'

export interface SealedPayload {
  readonly session: Pick<CaptureSession, 'id' | 'key'>
  /** A JWE in its compact form (RFC 7516, 7.1), or whatever was sent in its place. */
  readonly payload: string
  readonly privateKey: KeyObject
}

const longestPayload = 16 * 1024
const longestTextBytes = 8 * 1024
const algorithms = ['RSA-OAEP', 'RSA-OAEP-256']
const encryptions = ['A256GCM']

/**
 * What a browser sealed for this session. Whatever is wrong with it is one and the same refusal: who sends payloads must not
 * learn from the answer how far one came. The library goes on with a random key where the sealed one does not open, so that
 * this takes as long as a text that does not.
 */
export const openPayload = async ({
  session,
  payload,
  privateKey,
}: SealedPayload): Promise<Result<OpenedPayload, { readonly type: 'PayloadNotReadable' }>> => {
  const parts = readParts(payload, session.key)
  if (!parts || !isFor(session, readHeader(parts[0]))) return notReadable
  const text = await decrypt(payload, privateKey)
  return text ? ok({ text, mark: markOf(parts) }) : notReadable
}

const notReadable = refuse({ type: 'PayloadNotReadable' } as const)

type Parts = readonly [header: Buffer, key: Buffer, nonce: Buffer, ciphertext: Buffer, tag: Buffer]

/**
 * The bytes of the five parts; only where each is spelled in the one way there is, so that nothing has two spellings. A
 * sealed key is a number as long as the modulus (RFC 8017, 7.1.2), and the library would take it without its zeros in front.
 */
const readParts = (payload: string, { modulus }: SessionPublicKey): Parts | undefined => {
  if (payload.length > longestPayload) return undefined
  const spelled = payload.split('.', 6)
  const parts = spelled.map((part) => Buffer.from(part, 'base64url'))
  const isCanonical = parts.every((part, at) => part.toString('base64url') === spelled[at])
  const isWhole = parts.length === 5 && parts[1]?.length === Buffer.byteLength(modulus, 'base64url')
  return isCanonical && isWhole ? (parts as unknown as Parts) : undefined
}

type Header = Readonly<Record<string, unknown>>

const readHeader = (bytes: Buffer): Header | undefined => {
  try {
    const header: unknown = JSON.parse(decoder.decode(bytes))
    return typeof header === 'object' && header !== null && !Array.isArray(header)
      ? (header as Header)
      : undefined
  } catch {
    return undefined
  }
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** All that a header may say. The library asks for both algorithms; a payload that names its session or key is good for no other. */
const isAllowed: Readonly<Record<string, (value: unknown, session: SealedPayload['session']) => boolean>> = {
  alg: (value) => algorithms.includes(value as string),
  enc: (value) => encryptions.includes(value as string),
  sid: (value, { id }) => value === id,
  kid: (value, { key }) => value === key.id,
  typ: (value) => typeof value === 'string',
}

const isFor = (session: SealedPayload['session'], header: Header | undefined): boolean =>
  header !== undefined &&
  Object.entries(header).every(
    ([name, value]) => Object.hasOwn(isAllowed, name) && isAllowed[name]?.(value, session),
  )

const decrypt = async (payload: string, privateKey: KeyObject): Promise<Secret<string> | undefined> => {
  const plaintext = await compactDecrypt(payload, privateKey, {
    keyManagementAlgorithms: algorithms,
    contentEncryptionAlgorithms: encryptions,
  }).then(
    (opened) => opened.plaintext,
    () => undefined,
  )
  if (!plaintext) return undefined
  try {
    return plaintext.length > longestTextBytes ? undefined : new Secret(decoder.decode(plaintext))
  } catch {
    return undefined
  } finally {
    plaintext.fill(0)
  }
}

/** All but the header, which the tag guards: a payload is the same however its header is written. */
const markOf = ([, ...sealed]: Parts): Uint8Array => {
  const digest = createHash('sha256')
  for (const part of sealed) digest.update(part)
  return digest.digest()
}
