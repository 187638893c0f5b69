import { join } from 'node:path'
import { createStrictCommandCodes } from '@cardkeep/server/cli/drop-codes'
import { openVault, type Vault } from '@cardkeep/server/compose/open-vault'
import { readConfig } from '@cardkeep/server/config'
import { cleanUp } from './clean-up.ts'
import type { GroundPlace } from './rows.ts'

export interface VaultBeside {
  readonly store: Vault['store']
  /** What operations of operators on tokens are handed. */
  readonly ports: Vault['operatorPorts'] & { readonly codes: ReturnType<typeof createStrictCommandCodes> }
}

/** The same vault, opened in this process too, as a command of the operator opens it. */
export const openBeside = async ({ folder, options: { settings } }: GroundPlace): Promise<VaultBeside> => {
  const vault = await openVault(readConfig({ CARDKEEP_DATA: join(folder, 'data'), ...settings }))
  cleanUp(() => vault.close())
  return { store: vault.store, ports: { ...vault.operatorPorts, codes: createStrictCommandCodes(vault) } }
}
