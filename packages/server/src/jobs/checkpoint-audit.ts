import type { AuditCheckpoint } from '@cardkeep/core/changes'
import type { EpochMs } from '@cardkeep/core/kernel/time'
import type { AuditHead, Clock, Store } from '@cardkeep/core/ports'

export interface CheckpointSigner {
  sign(head: AuditHead, at: EpochMs): Promise<AuditCheckpoint>
}

/**
 * Signs every chain where it stands, if it has moved since its last checkpoint. What is signed cannot be rewritten unseen.
 * A chain that some node still writes to is signed as well as one whose node is gone; twice does no harm.
 */
export const checkpointAudit = async (
  store: Pick<Store, 'auditChains' | 'auditHead' | 'lastCheckpoint' | 'commit'>,
  signer: CheckpointSigner,
  clock: Clock,
): Promise<void> => {
  for (const chain of await store.auditChains()) {
    const head = await store.auditHead(chain)
    const last = await store.lastCheckpoint(chain)
    if (head.seq === 0 || last?.seq === head.seq) continue
    await store.commit([{ type: 'put-checkpoint', checkpoint: await signer.sign(head, clock.now()) }])
  }
}
