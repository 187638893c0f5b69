import type { Clock, Store } from '../ports.ts'
import { type Operator, operatorAudit } from './operator.ts'

type Ports = { readonly store: Store; readonly clock: Clock }

/** Shuts the vault, or opens it again. Every running process follows by looking at the database. */
export const sealVault = async (
  { store, clock }: Ports,
  operator: Operator,
  sealed: boolean,
): Promise<void> => {
  await store.commit([
    { type: 'seal-vault', sealed },
    operatorAudit(operator, clock.now(), sealed ? 'vault.sealed' : 'vault.unsealed', {
      type: 'vault',
      id: 'vault',
    }),
  ])
}
