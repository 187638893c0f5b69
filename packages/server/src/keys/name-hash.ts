import { createHmac } from 'node:crypto'
import { encodeFields } from './encode-fields.ts'
import type { Keyring } from './keyring.ts'

/** 16 bytes: a keyed hash of these fields. */
export type NameHash = (...fields: readonly string[]) => Buffer

const nameBytes = 16

/**
 * Names of what is kept outside the database. Nodes and commands that started before and after a rotation must call the
 * same thing by the same name, or a code that one of them drops would live on at another. So the oldest key that still
 * opens makes the names, and not the active one; codes that are held when it is destroyed are found no more.
 */
export const createNameHash =
  (keys: Pick<Keyring, 'vaultKeys'>): NameHash =>
  (...fields) => {
    const oldest = keys.vaultKeys('code').usable.at(-1)
    if (!oldest) throw new Error('no key for the names of codes')
    return createHmac('sha256', oldest.key)
      .update(encodeFields(...fields))
      .digest()
      .subarray(0, nameBytes)
  }

/** How many names are kept before all of them are forgotten. */
const remembered = 10_000

/**
 * The same for names of one kind that are asked for again and again: a code is held, taken and dropped under one name, and a
 * hash costs as much as sending it does. Nobody may change the bytes that it answers with.
 */
export const createRememberedHash = (keys: Pick<Keyring, 'vaultKeys'>, kind: string): NameHash => {
  const hash = createNameHash(keys)
  const known = new Map<string, Buffer>()
  // By its id: the key itself goes when a seal drops it.
  const oldestKey = () => keys.vaultKeys('code').usable.at(-1)?.record.id
  let oldest = oldestKey()
  return (...fields) => {
    const now = oldestKey()
    if (now !== oldest || known.size >= remembered) known.clear()
    oldest = now
    // Ids and words have no such character in them.
    const key = fields.join('\0')
    const name = known.get(key) ?? hash(kind, ...fields)
    known.set(key, name)
    return name
  }
}

/** 16 bytes: a keyed hash of a card number, for what names an account. Nothing of a number is remembered. */
export const createAccountHash = (keys: Pick<Keyring, 'vaultKeys'>): ((text: string) => Buffer) => {
  const hash = createNameHash(keys)
  return (text) => hash('account reference', text)
}

/** 16 bytes: a keyed hash of a text that is the address of no code. */
export const createTextHash = (keys: Pick<Keyring, 'vaultKeys'>): ((text: string) => Buffer) =>
  createRememberedHash(keys, 'text')
