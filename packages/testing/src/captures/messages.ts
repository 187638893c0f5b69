import { deflateRawSync } from 'node:zlib'
import {
  armor,
  config,
  encryptSessionKey,
  enums,
  generateKey,
  PacketList,
  type PrivateKey,
  type PublicKey,
  SymEncryptedIntegrityProtectedDataPacket,
  unarmor,
} from 'openpgp'

export interface KeyPair {
  readonly privateKey: PrivateKey
  readonly publicKey: PublicKey
}

/** A pair in the form of a capture key, but with a name that tells the two apart. */
export const drawPair = (): Promise<KeyPair> =>
  generateKey({ type: 'ecc', curve: 'nistP256', userIDs: [{ name: 'A test' }], format: 'object' })

/** A packet of RFC 9580, 4.2.1, with a length of five octets. */
export const packetOf = (tag: number, ...body: readonly Uint8Array[]): Buffer => {
  const bytes = Buffer.concat(body)
  const header = Buffer.from([0xc0 | tag, 0xff, 0, 0, 0, 0])
  header.writeUInt32BE(bytes.length, 2)
  return Buffer.concat([header, bytes])
}

/** Binary, without a name, at the beginning of time. */
export const literalOf = (text: string | Uint8Array): Buffer =>
  packetOf(enums.packet.literalData, Buffer.from('b\0\0\0\0\0'), Buffer.from(text))

export const zipOf = (inner: Uint8Array): Buffer =>
  packetOf(enums.packet.compressedData, Buffer.from([enums.compression.zip]), deflateRawSync(inner))

/** Packets as what whoever writes them by hand calls a message. */
export const armorOf = (...packets: readonly Uint8Array[]): string =>
  armor(enums.armor.message, new Uint8Array(Buffer.concat(packets)))

export const bytesOf = async (armored: string): Promise<Buffer> =>
  // Of a text that is there as a whole the bytes are, too.
  Buffer.from((await unarmor(armored)).data as unknown as Uint8Array)

const sessionKey = new Uint8Array(32).fill(7)

/** A session key for somebody; `isHidden`: not said for whom. */
export const sessionKeyFor = async ({ publicKey }: KeyPair, isHidden = false): Promise<Buffer> => {
  const wish = { data: sessionKey, algorithm: 'aes256', encryptionKeys: publicKey } as const
  return Buffer.from(await encryptSessionKey({ ...wish, wildcard: isHidden, format: 'binary' }))
}

/** A guarded packet of exactly these bytes, whatever they are, under the session key. */
export const guardedOf = async (inner: Uint8Array): Promise<Buffer> => {
  const packet = new SymEncryptedIntegrityProtectedDataPacket()
  Object.assign(packet, { version: 1, packets: { write: () => new Uint8Array(inner) } })
  await (packet as unknown as Seals).encrypt(enums.symmetric.aes256, sessionKey, config)
  const list = new PacketList<typeof packet>()
  list.push(packet)
  return Buffer.from(list.write())
}

interface Seals {
  encrypt(cipher: number, key: Uint8Array, settings: typeof config): Promise<void>
}

/** A whole message for somebody, with exactly these packets inside. */
export const sealFor = async (pair: KeyPair, ...inner: readonly Uint8Array[]): Promise<string> =>
  armorOf(await sessionKeyFor(pair), await guardedOf(Buffer.concat(inner)))
