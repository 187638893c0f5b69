import type { Brand } from './brand.ts'

export type TenantId = Brand<string, 'TenantId'>
export type ScopeId = Brand<string, 'ScopeId'>
export type TokenId = Brand<string, 'TokenId'>
export type SessionId = Brand<string, 'SessionId'>
/** Of a capture session: what a browser answers one question under. */
export type CaptureId = Brand<string, 'CaptureId'>
/** What the audit log calls a capture session: many read the log, and the id is a credential. */
export type CaptureRef = Brand<string, 'CaptureRef'>
export type CredentialId = Brand<string, 'CredentialId'>
export type DestinationId = Brand<string, 'DestinationId'>
export type KeyId = Brand<string, 'KeyId'>
export type FingerprintId = Brand<string, 'FingerprintId'>
export type WebhookId = Brand<string, 'WebhookId'>
export type EventId = Brand<string, 'EventId'>
export type BinSetId = Brand<string, 'BinSetId'>
export type CaptureKeyId = Brand<string, 'CaptureKeyId'>
export type NetworkTokenId = Brand<string, 'NetworkTokenId'>
export type CardHashId = Brand<string, 'CardHashId'>
export type AccessKeyId = Brand<string, 'AccessKeyId'>
/** Of an issued card: a whole number, as issuers count them. */
export type IssuedCardId = Brand<number, 'IssuedCardId'>
export type ClaimId = Brand<string, 'ClaimId'>

const uuidV4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

/** The 16 bytes of an id. */
export const bytesOfId = (id: Brand<string, string>): Uint8Array => {
  const bytes = new Uint8Array(16)
  let digits = 0
  for (let at = 0; at < id.length; at++) {
    const code = id.charCodeAt(at)
    if (code === hyphen) continue
    const place = digits >> 1
    bytes[place] = ((bytes[place] ?? 0) << 4) | (code <= nine ? code - zero : code - letterA + 10)
    digits++
  }
  return bytes
}

const [hyphen, zero, nine, letterA] = [0x2d, 0x30, 0x39, 0x61]

const pairs = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

/** The id of 16 bytes; `undefined` where they are none. */
export const idOfBytes = <Id extends Brand<string, string>>(bytes: Uint8Array): Id | undefined => {
  let text = ''
  for (const [at, byte] of bytes.entries())
    text += at === 4 || at === 6 || at === 8 || at === 10 ? `-${pairs[byte]}` : pairs[byte]
  return parseId<Id>(text)
}

/** A version 4 UUID in lower case, the form of every id that the vault makes; `undefined` for anything else. */
export const parseId = <Id extends Brand<string, string>>(text: string): Id | undefined => {
  const lower = text.toLowerCase()
  return uuidV4.test(lower) ? (lower as Id) : undefined
}
