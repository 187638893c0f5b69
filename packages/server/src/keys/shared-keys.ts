/** Sealed private keys, for the nodes that did not make them. */
export interface SharedKeys {
  /** `name` is `nameBytes` long, a keyed hash of the key's environment and id. Gone after so long. */
  put(name: Buffer, sealed: Uint8Array, ttlMs: number): Promise<void>
  find(name: Buffer): Promise<Uint8Array | undefined>
  /**
   * Whether a key that was put is still good for new sessions. A server that was restarted or took the place of another has
   * lost keys, and with them which payloads were admitted: what was sealed for such a key could be admitted once more.
   */
  isGood(name: Buffer): Promise<boolean>
  /** Forgets all of them, whichever node put them. */
  dropAll(): Promise<void>
}

/** Where one process does all, its keys never leave it, and it forgets them together with everything else. */
export const keysOfOneProcess: SharedKeys = {
  put: async () => {},
  find: async () => undefined,
  isGood: async () => true,
  dropAll: async () => {},
}
