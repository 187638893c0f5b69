import type { Key } from 'openpgp'
import type { OpenPgp } from './encryption.ts'
import { needs } from './needs.ts'

export interface UsableKey {
  readonly key: Key
  /** At which the library is to look at the key. */
  readonly date: Date
}

const wanted = 'publicKey must be the public_key of a capture key, or that key armored'

/** The armored block, of which a `public_key` is the base64, in lines or in one. wire: verifone §capture keys, verified */
export const needsArmored = (publicKey: unknown): string => {
  needs(typeof publicKey === 'string', wanted)
  const armored = publicKey.includes(begin) ? publicKey : decode(publicKey)
  needs(!armored?.includes('PRIVATE KEY BLOCK'), 'publicKey is a private key, which belongs into no page')
  needs(armored !== undefined && armored.includes(begin), wanted)
  return armored
}

/** For which a card can be encrypted now. */
export const needsUsable = async (
  library: OpenPgp,
  armoredKey: string,
  nowMs: number,
): Promise<UsableKey> => {
  const key = await library.readKey({ armoredKey }).catch(() => undefined)
  needs(key, wanted)
  const date = dateFor(key, nowMs)
  const usable = await key.getEncryptionKey(undefined, date).catch(() => undefined)
  needs(usable, 'publicKey is of a key that has expired, was revoked, or cannot encrypt')
  return { key, date }
}

/** A customer's clock may be behind the vault's, and a key that was made a minute ago is none of tomorrow. */
const dateFor = (key: Key, nowMs: number): Date =>
  new Date(Math.max(nowMs, ...key.getKeys().map((each) => each.getCreationTime().getTime())))

const begin = '-----BEGIN PGP '

const decode = (text: string): string | undefined => {
  try {
    return atob(text)
  } catch {
    return undefined
  }
}
