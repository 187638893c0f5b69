import { dayMs, epochMs, minuteMs } from '@cardkeep/core/kernel/time'
import { findCut } from '../audit/archive.ts'
import { readMaterial } from '../audit/material.ts'
import { verifyAudit } from '../audit/verify.ts'
import type { Vault } from '../compose.ts'
import type { Finding } from './finding.ts'

export const examineAudit = async (vault: Vault): Promise<readonly Finding[]> => [
  await examineChain(vault),
  await examineShipping(vault),
  await examineRetention(vault),
]

const examineChain = async ({ store }: Vault): Promise<Finding> => {
  const verdict = await verifyAudit(await readMaterial(store))
  return verdict.ok
    ? {
        check: 'audit',
        status: 'ok',
        detail: `${verdict.entries} entries from ${verdict.from} on, signed up to ${verdict.signedUpTo}`,
      }
    : { check: 'audit', status: 'fail', detail: verdict.problem ?? '' }
}

/** A sink is asked for work every second; so far behind it cannot be reached. */
const patienceMs = 5 * minuteMs

const examineShipping = async ({ store, clock }: Vault): Promise<Finding> => {
  const check = 'audit shipping'
  const shipments = await store.auditShipments()
  if (shipments.length === 0)
    return {
      check,
      status: 'warn',
      detail: 'the log is only in this database: name a place for it in CARDKEEP_AUDIT_SHIP (PCI DSS 10.3.3)',
    }
  const head = await store.auditHead()
  const behind = shipments.filter(({ seq, at }) => seq < head.seq && clock.now() - at > patienceMs)
  return behind.length === 0
    ? { check, status: 'ok', detail: `${shipments.length} places follow` }
    : {
        check,
        status: 'fail',
        detail: behind.map(({ sink, seq }) => `${sink} has it up to ${seq}`).join('; '),
      }
}

const examineRetention = async ({ store, clock, config }: Vault): Promise<Finding> => {
  const check = 'audit retention'
  const days = config.auditRetentionDays
  const cut = await findCut(store, epochMs(clock.now() - days * dayMs))
  return cut
    ? {
        check,
        status: 'warn',
        detail: `entries up to ${cut.seq} are older than ${days} days: run audit archive`,
      }
    : { check, status: 'ok', detail: `nothing is older than ${days} days` }
}
