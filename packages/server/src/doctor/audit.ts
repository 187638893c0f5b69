import { mainChain } from '@cardkeep/core/audit/chain'
import { dayMs, type EpochMs, epochMs, minuteMs } from '@cardkeep/core/kernel/time'
import type { Store } from '@cardkeep/core/ports'
import { type AuditCuts, findCuts } from '../audit/archive.ts'
import { readMaterial } from '../audit/material.ts'
import { type AuditVerdict, verifyAudit } from '../audit/verify.ts'
import type { Vault } from '../compose/open-vault.ts'
import { describeProgress, readProgress, type SinkProgress } from '../shipping/progress.ts'
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
        detail: verdict.chains.map(describeChain).join('; '),
      }
    : { check: 'audit', status: 'fail', detail: verdict.problem ?? '' }
}

const describeChain = ({ chain, entries, from, signedUpTo }: AuditVerdict['chains'][number]): string =>
  `${chain === mainChain ? '' : `chain ${chain}: `}${entries} entries from ${from} on, signed up to ${signedUpTo}`

/** A sink is asked for work every second; an entry that has waited so long was not taken. */
const patienceMs = 5 * minuteMs

const examineShipping = async ({ store, clock, config }: Vault): Promise<Finding> => {
  const check = 'audit shipping'
  const progress = await readProgress(store, config.auditSinks)
  if (progress.length === 0)
    return {
      check,
      status: 'warn',
      detail: 'the log is only in this database: name a place for it in CARDKEEP_AUDIT_SHIP (PCI DSS 10.3.3)',
    }
  const late = epochMs(clock.now() - patienceMs)
  const behind: SinkProgress[] = []
  for (const sink of progress) if (await hasWaited(store, sink, late)) behind.push(sink)
  // A chain that is new may have nothing to send; a place that never had anything of any chain may be a wrong one.
  const places = Map.groupBy(progress, ({ sink }) => sink)
  const empty = [...places.values()].flatMap((chains) => (chains.every(({ seq }) => seq === 0) ? chains : []))
  const told = behind.length > 0 ? behind : empty
  if (told.length === 0) return { check, status: 'ok', detail: `${places.size} places follow` }
  return {
    check,
    status: behind.length > 0 ? 'fail' : 'warn',
    detail: told.map(describeProgress).join('; '),
  }
}

/** Whether the first entry that a sink lacks is that old. */
const hasWaited = async (
  store: Pick<Store, 'auditEntries'>,
  { chain, seq }: SinkProgress,
  late: EpochMs,
): Promise<boolean> => {
  const [next] = await store.auditEntries(seq, 1, chain)
  if (!next) return false
  const [, at] = JSON.parse(next.text) as readonly unknown[]
  return typeof at === 'number' && at < late
}

const examineRetention = async ({ store, clock, config }: Vault): Promise<Finding> => {
  const check = 'audit retention'
  const days = config.auditRetentionDays
  const cuts = await findCuts(store, epochMs(clock.now() - days * dayMs))
  return cuts
    ? {
        check,
        status: 'warn',
        detail: `${cuts.map(describeCut).join('; ')} are older than ${days} days: run audit archive`,
      }
    : { check, status: 'ok', detail: `nothing is older than ${days} days` }
}

const describeCut = ({ chain, seq }: AuditCuts[number]): string =>
  `${chain === mainChain ? '' : `chain ${chain}: `}entries up to ${seq}`
