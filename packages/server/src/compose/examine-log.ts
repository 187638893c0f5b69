import type { StoredAuditEntry } from '@cardkeep/core/ports'
import { readMaterial } from '../audit/material.ts'
import { type AuditVerdict, verifyAudit } from '../audit/verify.ts'
import type { ServerStore } from '../storage/server-store.ts'
import { BackupFailure } from './backup-file.ts'
import type { Share } from './backup-progress.ts'

/** Goes through the audit log of a copy. Throws `BackupFailure` where it does not hold. */
export const examineLog = async (store: ServerStore, share: Share): Promise<AuditVerdict> => {
  const material = await readMaterial(store)
  let entries = 0
  for (const chain of await store.auditChains()) entries += (await store.auditHead(chain)).seq
  let seen = 0
  const counted = async function* (chain: AsyncIterable<StoredAuditEntry>) {
    for await (const entry of chain) {
      share(++seen, entries)
      yield entry
    }
  }
  const chains = material.chains.map((chain) => ({ ...chain, entries: counted(chain.entries) }))
  const verdict = await verifyAudit({ ...material, chains })
  if (!verdict.ok)
    throw new BackupFailure(`the audit log of the copy does not hold: ${verdict.problem ?? ''}`)
  share(entries, entries)
  return verdict
}
