import { purgeClaims } from '@cardkeep/core/idempotency/purge-claims'
import { hourMs, minuteMs, secondMs } from '@cardkeep/core/kernel/time'
import { disableIdleCredentials } from '@cardkeep/core/operations/administration/disable-idle-credentials'
import { purgeDeadDeliveries } from '@cardkeep/core/operations/administration/replay-delivery'
import { purgeCaptureKeys } from '@cardkeep/core/operations/captures/purge-capture-keys'
import { bringRotationsNear } from '@cardkeep/core/operations/issuing/bring-rotations-near'
import { purgeAccessKeys } from '@cardkeep/core/operations/issuing/change-access-keys'
import { settleNetworkTokens } from '@cardkeep/core/operations/network-tokens/settle-network-tokens'
import { purgeFingerprints } from '@cardkeep/core/operations/tokens/purge-fingerprints'
import { sweepTokens } from '@cardkeep/core/operations/tokens/sweep-tokens'
import { followEveryMs } from '../jobs/follow-database.ts'
import type { Job } from '../jobs/jobs.ts'
import type { Services } from '../services.ts'

export interface JobParts {
  readonly services: Pick<Services, 'store' | 'codes' | 'cipher' | 'networkTokens' | 'clock' | 'ids'>
  readonly ephemeral: { sweep(): Promise<void> }
  /** `undefined` where no dialect is offered that has capture sessions. */
  readonly tendSessionKeys: (() => Promise<void>) | undefined
  readonly tendCaptures: () => void
  readonly follow: () => Promise<void>
  readonly followSchema: () => Promise<void>
  readonly lookAtCodes: () => Promise<void>
  readonly checkpoint: () => Promise<void>
  readonly reloadCertificate: () => Promise<void>
}

/** Everything that a running vault does again and again, beside shipping its log and delivering its events. */
export const listJobs = ({ services, ephemeral, tendSessionKeys, ...parts }: JobParts): readonly Job[] => [
  { name: 'expire codes', everyMs: secondMs, run: () => ephemeral.sweep() },
  // Not at the start: many vaults only live for a moment, and a pair costs a quarter of a second of a processor.
  ...(tendSessionKeys ? [{ name: 'make session keys', everyMs: 5 * secondMs, run: tendSessionKeys }] : []),
  // At the pace at which their rows are purged.
  { name: 'forget capture keys', everyMs: minuteMs, run: async () => parts.tendCaptures() },
  // Also where nobody asks whether the vault is ready: a server for codes may be set otherwise while it runs.
  { name: 'look at codes', everyMs: 10 * secondMs, run: parts.lookAtCodes },
  { name: 'follow the database', everyMs: followEveryMs, run: parts.follow },
  // Apart: where a newer program took something away, the other may be what fails.
  { name: 'follow the schema', everyMs: followEveryMs, run: parts.followSchema },
  {
    name: 'sweep tokens',
    everyMs: minuteMs,
    run: async () => void (await sweepTokens(services)),
    shared: true,
  },
  {
    name: 'end network tokens',
    everyMs: minuteMs,
    run: async () => void (await settleNetworkTokens(services)),
    shared: true,
  },
  { name: 'sign the audit log', everyMs: minuteMs, run: parts.checkpoint, shared: true },
  {
    name: 'disable idle credentials',
    everyMs: hourMs,
    run: async () => void (await disableIdleCredentials(services)),
    shared: true,
  },
  { name: 'reload the certificate', everyMs: 5 * secondMs, run: parts.reloadCertificate },
  { name: 'purge idempotency keys', everyMs: minuteMs, run: () => purgeClaims(services), shared: true },
  { name: 'purge fingerprints', everyMs: hourMs, run: () => purgeFingerprints(services), shared: true },
  { name: 'purge capture keys', everyMs: minuteMs, run: () => purgeCaptureKeys(services), shared: true },
  // At the start the rotator does it.
  {
    name: 'bring rotations near',
    everyMs: hourMs,
    run: async () => void (await bringRotationsNear(services)),
    shared: true,
  },
  { name: 'purge access keys', everyMs: hourMs, run: () => purgeAccessKeys(services), shared: true },
  { name: 'purge dead deliveries', everyMs: hourMs, run: () => purgeDeadDeliveries(services), shared: true },
]
