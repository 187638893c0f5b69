import type { RotateDuePorts } from '@cardkeep/core/operations/issuing/rotate-due-cvvs'
import { randomDraws } from '../clock.ts'
import { createCvvDeriver } from '../keys/cvv-deriver.ts'
import { createIssuedCardCipher } from '../keys/issued-card-cipher.ts'
import type { Vault } from './open-vault.ts'

/** What a command needs to rotate CVVs beside a vault that runs, or in the place of one that does not. */
export const createRotationPorts = ({
  store,
  keyring,
  clock,
  ids,
}: Vault): RotateDuePorts & { readonly close: () => void } => {
  const cvvs = createCvvDeriver(keyring)
  return {
    ...{ store, clock, ids, cvvs },
    issuedCards: createIssuedCardCipher(keyring),
    draws: randomDraws,
    close: () => cvvs.dropAll(),
  }
}
