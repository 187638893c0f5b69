import type { KeyOwner, KeyPurpose } from '@cardkeep/core/keys'
import type { Environment } from '@cardkeep/core/tenants/tenant'
import type { LoadedKey, OwnedKeys } from './key-snapshot.ts'
import type { Keyring } from './keyring.ts'

export interface KeyWish {
  readonly purpose: KeyPurpose
  readonly owner: KeyOwner
  /** What the caller takes the owner to be; `undefined` where the key itself says it. */
  readonly environment: Environment | undefined
}

/** What using a key needs of the keyring. */
export type KeySource = Pick<Keyring, 'find' | 'reload'>

/** The active key with one seal counted, or `undefined` if it must be loaded or seals be reserved first. */
export const findSealingKey = (source: KeySource, wish: KeyWish): LoadedKey | undefined => {
  const active = find(source, wish)?.active
  return active && countSeal(active) ? active : undefined
}

/** The active key with one seal counted. A retired key never seals (PCI DSS 3.7.5). */
export const needSealingKey = async (source: KeySource, wish: KeyWish): Promise<LoadedKey> => {
  let active = find(source, wish)?.active ?? (await needKeys(source, wish)).active
  while (active && !countSeal(active)) {
    await active.seals?.reserve()
    active = find(source, wish)?.active
  }
  if (!active) throw new Error(`no ${nameOf(wish)} is active`)
  return active
}

/** The key of this version, or `undefined` if it is not loaded. */
export const findOpeningKey = (source: KeySource, wish: KeyWish, version: number): LoadedKey | undefined =>
  find(source, wish)?.usable.find(({ record }) => record.version === version)

/** Throws if there is none: it was destroyed, or never was. */
export const needOpeningKey = async (
  source: KeySource,
  wish: KeyWish,
  version: number,
): Promise<LoadedKey> => {
  const found = findOpeningKey(source, wish, version)
  if (found) return found
  await source.reload()
  const reloaded = findOpeningKey(source, wish, version)
  if (!reloaded) throw new Error(`there is no version ${version} of the ${nameOf(wish)}`)
  return reloaded
}

/** All keys that open. Another process may have made them a moment ago: they are looked for once more. */
export const needKeys = async (source: KeySource, wish: KeyWish): Promise<OwnedKeys> => {
  const found = find(source, wish)
  if (found) return found
  await source.reload()
  const reloaded = find(source, wish)
  if (!reloaded) throw new Error(`there is no ${nameOf(wish)}`)
  return reloaded
}

const find = (source: KeySource, wish: KeyWish): OwnedKeys | undefined => {
  const keys = source.find(wish.purpose, wish.owner)
  // PCI DSS 3.6.1.1, 6.5.5: a test key never touches a live row, nor a live key a test row, whatever the row says of itself.
  if (keys && wish.environment && keys.usable[0]?.record.environment !== wish.environment)
    throw new Error(`the ${nameOf(wish)} is not for ${wish.environment}`)
  return keys
}

const countSeal = ({ seals }: LoadedKey): boolean => seals?.count() ?? true

const nameOf = ({ purpose, owner }: KeyWish): string => `${purpose} key of ${owner.type} ${owner.id}`
