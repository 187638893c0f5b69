import type { KeyObject } from 'node:crypto'
import { makePrivateKey } from '@cardkeep/server/keys/key-pair'

const made: Promise<KeyObject>[] = []
const keys = 4
let drawn = 0

/** Of a few keys for all vaults of a test process the next one: some that are drawn one after the other differ. */
export const drawAccessKey = (): Promise<KeyObject> => {
  const at = drawn++ % keys
  return (made[at] ??= makePrivateKey())
}
