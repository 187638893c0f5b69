import type { Vault } from '../compose/open-vault.ts'
import { examineAccess } from './access.ts'
import { examineAudit } from './audit.ts'
import { examineBins } from './bins.ts'
import type { Finding } from './finding.ts'
import { examineKeys } from './keys.ts'
import { examineMachine } from './machine.ts'
import { examineOutbox } from './outbox.ts'
import { examineServers } from './servers.ts'
import { examineStore } from './store.ts'

/** Looks at everything that the vault relies on and cannot enforce. */
export const examine = async (vault: Vault): Promise<readonly Finding[]> => [
  ...(await examineStore(vault)),
  ...(await examineServers(vault)),
  ...(await examineAudit(vault)),
  ...examineKeys(vault),
  ...(await examineAccess(vault)),
  ...(await examineOutbox(vault)),
  ...(await examineBins(vault)),
  ...examineMachine(vault.config),
]
