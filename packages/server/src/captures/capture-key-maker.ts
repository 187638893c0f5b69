import { Secret } from '@cardkeep/core/kernel/secret'
import { createTurns } from '@cardkeep/core/kernel/turns'
import type { CaptureKeyMaker } from '@cardkeep/core/ports'
import type { CapturePrivateSealer } from '../keys/capture-private-sealer.ts'

/**
 * OpenPGP keys of version 4 on NIST P-256, one that signs and below it one that encrypts: what the oldest of the published
 * clients understands. It names nobody, ends by being retired alone, and asks for nothing that those clients do not know.
 * wire: verifone §capture keys, inferred
 */
export const createCaptureKeyMaker = (sealer: CapturePrivateSealer): CaptureKeyMaker => ({
  // A pair costs some milliseconds of the thread that answers requests.
  inTurn: createTurns(),
  make: async (place) => {
    // It is large, and most processes make none.
    const { config, generateKey } = await import('openpgp')
    const { privateKey, publicKey } = await generateKey({
      type: 'ecc',
      curve: 'nistP256',
      userIDs: [{ name: 'Cardkeep capture key' }],
      format: 'object',
      config: { ...config, v6Keys: false, aeadProtect: false },
    })
    return {
      publicKey: publicKey.armor(),
      sealedPrivateKey: await sealer.seal(place, new Secret(privateKey.armor())),
    }
  },
})
