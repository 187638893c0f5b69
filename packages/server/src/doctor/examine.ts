import type { Vault } from '../compose.ts'
import { examineKeys } from './keys.ts'
import { examineMachine } from './machine.ts'
import { examineStore } from './store.ts'

export interface Finding extends Record<string, unknown> {
  readonly check: string
  /** `warn`: works, and should be mended; `fail`: must be mended before real cards are kept. */
  readonly status: 'ok' | 'warn' | 'fail'
  readonly detail: string
}

/** Looks at everything that the vault relies on and cannot enforce. */
export const examine = async (vault: Vault): Promise<readonly Finding[]> => [
  ...(await examineStore(vault)),
  ...examineKeys(vault),
  ...examineMachine(vault.config),
]
