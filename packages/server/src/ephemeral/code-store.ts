import { ok, refuse } from '@cardkeep/core/kernel/result'
import type { CodeStore } from '@cardkeep/core/ports'
import type { CodeSealer } from '../keys/code-sealer.ts'
import type { CodeBackend } from './backend.ts'

/**
 * Holds codes sealed under the code key of their scope, with their address and token as associated data, under
 * names that are keyed hashes of the address: whoever reads the backend's memory sees neither codes nor ids.
 */
export const createCodeStore = (sealer: CodeSealer, backend: CodeBackend): CodeStore => ({
  hold: async ({ address, place, tenantId, code, ttlMs, uses, destinations }) => {
    const held = await backend.hold({
      name: sealer.name(address),
      tokenName: sealer.tokenName(place.tokenId),
      owner: tenantId,
      sealed: await sealer.seal(place, address, code),
      ttlMs,
      uses,
      destinations: destinations?.map((origin) => sealer.originName(address, origin)),
    })
    return held ? ok({ hold: held }) : refuse({ type: 'TooManyCodes' })
  },

  undoHold: ({ hold }) => backend.undoHold(hold),

  take: async (address, { place, destination }) => {
    const taken = await backend.take(sealer.name(address), {
      tokenName: sealer.tokenName(place.tokenId),
      destination: sealer.originName(address, destination),
    })
    if (!taken) return undefined
    try {
      return { code: await sealer.open(place, address, taken.sealed), receipt: taken.receipt }
    } catch (error) {
      // Keys that cannot be had now must not cost a code that was not used.
      await backend.giveBack(taken.receipt)
      throw error
    }
  },

  giveBack: ({ receipt }) => backend.giveBack(receipt),

  drop: (address) => backend.drop(sealer.name(address)),

  dropToken: (tokenId) => backend.dropToken(sealer.tokenName(tokenId), undefined),

  dropTokenOf: (tenantId, tokenId) => backend.dropToken(sealer.tokenName(tokenId), tenantId),

  isHeldBy: (address) => backend.isHeld(sealer.name(address)),

  dropAll: () => backend.dropAll(),
})
