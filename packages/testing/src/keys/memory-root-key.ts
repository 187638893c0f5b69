import { createSecretKey } from 'node:crypto'
import type { RootKeyProvider } from '@cardkeep/server/keys/providers/provider'
import { unwrapUnder, wrapUnder } from '@cardkeep/server/keys/providers/wrap'

export interface MemoryRootKey extends RootKeyProvider {
  /** What its keeper remembers now. */
  remembered(): number
  /** How often something was unwrapped. */
  unwraps(): number
}

/** A root key without a file, and with the bytes that a test names. */
export const createMemoryRootKey = (
  bytes: Uint8Array = new Uint8Array(32).fill(9),
  remembered = 0,
): MemoryRootKey => {
  const rootKey = createSecretKey(bytes)
  let counter = remembered
  let unwraps = 0
  return {
    wrap: async (plaintext, aad) => wrapUnder(rootKey, plaintext, aad),
    unwrap: async (wrapped, aad) => {
      unwraps++
      return unwrapUnder(rootKey, wrapped, aad)
    },
    describe: () => 'memory',
    rememberedCounter: async () => counter,
    rememberCounter: async (next) => {
      counter = Math.max(counter, next)
    },
    remembered: () => counter,
    unwraps: () => unwraps,
  }
}
