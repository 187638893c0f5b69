import type { AuditCheckpoint } from '@cardkeep/core/changes'
import type { EpochMs } from '@cardkeep/core/kernel/time'
import type { AuditHead, Clock, Store } from '@cardkeep/core/ports'

export interface CheckpointSigner {
  sign(head: AuditHead, at: EpochMs): Promise<AuditCheckpoint>
}

/** Signs the chain where it stands, if it has moved since the last checkpoint. What is signed cannot be rewritten unseen. */
export const checkpointAudit = async (
  store: Store,
  signer: CheckpointSigner,
  clock: Clock,
): Promise<void> => {
  const head = await store.auditHead()
  const last = await store.lastCheckpoint()
  if (head.seq === 0 || last?.seq === head.seq) return
  await store.commit([{ type: 'put-checkpoint', checkpoint: await signer.sign(head, clock.now()) }])
}
