import type { Vault } from '../compose.ts'
import type { Finding } from './finding.ts'
import { examineKeys } from './keys.ts'
import { examineMachine } from './machine.ts'
import { examineStore } from './store.ts'

/** Looks at everything that the vault relies on and cannot enforce. */
export const examine = async (vault: Vault): Promise<readonly Finding[]> => [
  ...(await examineStore(vault)),
  ...examineKeys(vault),
  ...examineMachine(vault.config),
]
