import type { Operator } from '@cardkeep/core/operations/operator'
import { openVault, type Vault } from '../compose/open-vault.ts'
import { readConfig } from '../config.ts'
import { operatorName } from './operator-name.ts'
import { createOutput, type Output } from './output.ts'

export interface CommandContext {
  readonly vault: Vault
  readonly operator: Operator
  readonly out: Output
}

/** Opens the vault for one command and closes it whatever happens. It works beside a vault that runs. */
export const withVault = async (
  { json }: { readonly json?: boolean },
  run: (context: CommandContext) => Promise<void>,
): Promise<void> => {
  const vault = await openVault(readConfig())
  try {
    await run({ vault, operator: { name: operatorName() }, out: createOutput(json ?? false) })
  } finally {
    await vault.close()
  }
}
