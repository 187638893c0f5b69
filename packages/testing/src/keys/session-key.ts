import type { KeyObject } from 'node:crypto'
import { makePrivateKey } from '@cardkeep/server/keys/key-pair'

let made: Promise<KeyObject> | undefined

/** One key for all vaults of a test process, because each takes a quarter of a second to make. */
export const drawPrivateKey = (): Promise<KeyObject> => (made ??= makePrivateKey())
