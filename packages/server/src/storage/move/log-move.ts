import { mainChain } from '@cardkeep/core/audit/chain'
import type { AuditAction, AuditEntry } from '@cardkeep/core/audit/entry'
import type { EpochMs } from '@cardkeep/core/kernel/time'
import type { AuditHead } from '@cardkeep/core/ports'
import { emptyHead, linkEntry } from '../../audit/chain.ts'
import { type Row, readBytes, readNumber } from '../sql/values.ts'
import type { Database } from '../sqlite/database.ts'
import type { TargetConnection } from './target.ts'

/** Who moves the vault, and when. */
export interface Mover {
  readonly operator: string
  readonly now: () => EpochMs
}

export const moveEntry = (
  { operator, now }: Mover,
  action: Extract<AuditAction, `vault.move${string}`>,
  details: AuditEntry['details'],
): AuditEntry => ({
  at: now(),
  action,
  outcome: 'success',
  tenantId: undefined,
  actor: { type: 'operator', id: operator },
  origin: undefined,
  requestId: undefined,
  subject: { type: 'vault', id: 'vault' },
  details,
})

/** Writes an entry into the log of the source. To be called in a transaction that may write. */
export const logInSource = (source: Database, entry: AuditEntry): void => {
  const row = source
    .prepare('select seq, hash from audit_entries where chain = ?1 order by seq desc limit 1')
    .get(mainChain)
  const link = linkEntry(headOf(row), entry)
  source
    .prepare('insert into audit_entries (chain, seq, text, hash) values (?1, ?2, ?3, ?4)')
    .run(mainChain, link.seq, link.text, link.hash)
}

/** The same in the target: whoever writes to its main chain locks the row of that chain first. */
export const logInTarget = async (target: TargetConnection, entry: AuditEntry): Promise<void> => {
  await target.query('select chain from audit_chains where chain = 0 for update')
  const [row] = await target.query(
    'select seq, hash from audit_entries where chain = 0 order by seq desc limit 1',
  )
  const link = linkEntry(headOf(row), entry)
  await target.query(
    "insert into audit_entries (chain, seq, text, hash) values (0, $1, $2, decode($3, 'hex'))",
    [link.seq, link.text, Buffer.from(link.hash).toString('hex')],
  )
}

const headOf = (row: Row | undefined): Pick<AuditHead, 'seq' | 'hash'> =>
  row ? { seq: readNumber(row, 'seq'), hash: readBytes(row, 'hash') } : emptyHead(mainChain)

export type Arrival = 'never' | 'untouched' | 'used'

/** Whether this run arrived in the target, and whether anything was written there since. To be called in a transaction. */
export const readArrival = async (target: TargetConnection, run: string): Promise<Arrival> => {
  const chains = await target.query('select chain from audit_chains for update')
  const [row] = await target.query(
    `select seq = (select max(seq) from audit_entries where chain = 0) as is_last from audit_entries
     where chain = 0 and text like '%,"vault.moved",%' and text like $1 order by seq desc limit 1`,
    [`%"run":"${run}"%`],
  )
  if (!row) return 'never'
  return row['is_last'] === true && chains.length === 1 ? 'untouched' : 'used'
}
