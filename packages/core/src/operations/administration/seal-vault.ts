import type { Clock, CodeStore, Store } from '../../ports.ts'
import { type Operator, operatorAudit } from '../operator.ts'

interface Ports {
  readonly store: Store
  /** Where codes are in the memory of another process there are none to drop: that one follows the database. */
  readonly codes: Pick<CodeStore, 'dropAll'>
  readonly clock: Clock
}

/**
 * Shuts the vault, or opens it again. Every running process follows by looking at the database. Codes that were held before
 * it was shut do not come back, also where they could not be dropped then; while they cannot be, it stays shut.
 */
export const sealVault = async (
  { store, codes, clock }: Ports,
  operator: Operator,
  sealed: boolean,
): Promise<void> => {
  // A vault that was open all the time keeps its codes.
  if (!sealed && (await store.isSealed())) await codes.dropAll()
  await store.commit([
    { type: 'seal-vault', sealed },
    operatorAudit(operator, clock.now(), sealed ? 'vault.sealed' : 'vault.unsealed', {
      type: 'vault',
      id: 'vault',
    }),
  ])
  if (sealed) await codes.dropAll()
}
