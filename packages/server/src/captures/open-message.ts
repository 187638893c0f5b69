import type { CaptureFault } from '@cardkeep/core/captures/capture-fault'
import { ok, type Result, refuse } from '@cardkeep/core/kernel/result'
import {
  type Config,
  config,
  type DecryptedSessionKey,
  decryptSessionKeys,
  enums,
  type Message,
  type PrivateKey,
  readMessage,
  type SessionKey,
} from 'openpgp'
import { readCiphertext } from './read-ciphertext.ts'

/** No card makes more text than this, whatever its client puts beside it. */
export const longestTextBytes = 8 * 1024

const settings: Config = {
  ...config,
  // Around the text stand its own header and what a client may have signed.
  maxDecompressedMessageSize: longestTextBytes + 1024,
}

/** A client may encrypt for keys of its own as well. Each that hides whom it is for costs a try. */
const mostPackets = 9

/**
 * What a client encrypted for this key. The library does the cryptography and reads the packets; what is accepted is decided
 * here. Signatures are not looked at: whoever has the public key may encrypt, and nothing says who may sign.
 */
export const openMessage = async (
  privateKey: PrivateKey,
  ciphertext: string,
): Promise<Result<Uint8Array, CaptureFault>> => {
  const armored = readCiphertext(ciphertext)
  if (!armored.ok) return armored
  const message = await caught(readMessage({ armoredMessage: armored.value, config: settings }))
  if (message instanceof Error) return refuse(says(message, tooFar) ? 'expands too far' : 'damaged')
  const fault = faultOfPackets(message, privateKey)
  if (fault) return refuse(fault)
  const sessionKeys = await openSessionKeys(message, privateKey)
  if (!sessionKeys.ok) return sessionKeys
  const keys = [...sessionKeys.value] as SessionKey[]
  const inner = await caught(message.decrypt(undefined, undefined, keys, undefined, settings))
  for (const { data } of keys) data.fill(0)
  return inner instanceof Error ? refuse(faultOfInner(inner)) : takeText(inner)
}

const caught = <T>(promise: Promise<T>): Promise<T | Error> =>
  promise.catch((error: unknown) => (error instanceof Error ? error : new Error('not an error')))

/** The library tells in words alone what it refused; the tests hold each of them against the version that is used. */
const says = ({ message }: Error, ...words: readonly string[]): boolean =>
  words.some((some) => message.includes(some))

const tooFar = 'Maximum decompressed'

const { packet: tags } = enums

/** What can be told before any key is used. */
const faultOfPackets = (message: Message<string>, privateKey: PrivateKey): CaptureFault | undefined => {
  const has = (...wanted: readonly number[]): boolean => message.packets.filterByTag(...wanted).length > 0
  const isGuarded = has(tags.symEncryptedIntegrityProtectedData, tags.aeadEncryptedData)
  if (message.packets.length > mostPackets) return 'too large'
  if (!isGuarded && !has(tags.symmetricallyEncryptedData))
    return has(tags.literalData, tags.compressedData, tags.signature) ? 'not encrypted' : 'damaged'
  if (!has(tags.publicKeyEncryptedSessionKey))
    return has(tags.symEncryptedSessionKey) ? 'password only' : 'damaged'
  if (!message.getEncryptionKeyIDs().some((id) => isFor(privateKey, id) || isHidden(id)))
    return 'for another key'
  // Without a guard, whoever changes a ciphertext learns of what is inside by how it is refused.
  return isGuarded ? undefined : 'altered'
}

type KeyId = ReturnType<PrivateKey['getKeyID']>

const isFor = ({ subkeys }: PrivateKey, id: KeyId): boolean =>
  subkeys.some((subkey) => subkey.getKeyID().equals(id))

/** The client does not say whom it is for (`gpg --throw-keyids`): every key is to be tried. */
const isHidden = (id: KeyId): boolean => /^0+$/.test(id.toHex())

const openSessionKeys = async (
  message: Message<string>,
  privateKey: PrivateKey,
): Promise<Result<readonly DecryptedSessionKey[], CaptureFault>> => {
  const opened = await caught(decryptSessionKeys({ message, decryptionKeys: privateKey, config: settings }))
  if (!(opened instanceof Error)) return ok(opened)
  if (says(opened, 'Unsupported cipher', 'non-preferred symmetric algorithm', 'Invalid enum value'))
    return refuse('cipher not supported')
  const isNamed = message.getEncryptionKeyIDs().some((id) => isFor(privateKey, id))
  return refuse(isNamed ? 'damaged' : 'for another key')
}

/** The library looks at what is inside only once it is proven to be whole. */
const faultOfInner = (error: Error): CaptureFault => {
  if (says(error, tooFar)) return 'expands too far'
  if (says(error, 'Packet not allowed in this context')) return 'nested too deep'
  const isWhole = ['MalformedPacketError', 'GrammarError'].includes(error.name)
  // Nothing that is a packet; or none that is left.
  return isWhole || says(error, 'Error during parsing', 'Decryption failed.') ? 'damaged' : 'altered'
}

const takeText = (message: Message<string>): Result<Uint8Array, CaptureFault> => {
  const text = message.getLiteralData()
  if (!text) return refuse('damaged')
  if (text.length <= longestTextBytes) return ok(text)
  text.fill(0)
  return refuse('expands too far')
}
