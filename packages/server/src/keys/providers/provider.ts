import type { Secret } from '@cardkeep/core/kernel/secret'

/**
 * Keeps the root key, which wraps every other key and never leaves its keeper: a file, a key service or an HSM.
 *
 * A keeper that cannot be reached throws `UnavailableError`; one that finds its own state unfit throws `KeyError`.
 */
export interface RootKeyProvider {
  /** Authenticated encryption; `aad` is bound to the result and is needed again to unwrap it. */
  wrap(plaintext: Secret<Uint8Array>, aad: Uint8Array): Promise<Uint8Array>
  /** Throws if the bytes were changed, were wrapped with another `aad`, or under another root key. The caller wipes what comes. */
  unwrap(wrapped: Uint8Array, aad: Uint8Array): Promise<Secret<Uint8Array>>
  /** Where the root key is and how it wraps, for the inventory of keys; nothing secret. */
  describe(): string
  /** The highest counter of a key set that this keeper was told of; 0 for a new root key. */
  rememberedCounter(): Promise<number>
  /** Durable when it resolves. A counter that is not higher than the remembered one changes nothing. */
  rememberCounter(counter: number): Promise<void>
}
