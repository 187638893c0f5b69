import { type AuditChain, chainBegun, mainChain } from '@cardkeep/core/audit/chain'
import type { EpochMs } from '@cardkeep/core/kernel/time'
import { emptyHead } from '../../audit/chain.ts'
import { readAuditHead } from '../sql/rows.ts'
import { readNumber } from '../sql/values.ts'
import { linkEntries, needsFreePlace } from './chain.ts'
import { type Call, needsAnswer } from './database.ts'
import type { Statements } from './statements.ts'
import type { Transactions } from './transaction.ts'

export interface ChainLease {
  /** 16 bytes that no other process has. */
  readonly holder: Uint8Array
  readonly at: EpochMs
  readonly until: EpochMs
}

/**
 * Takes a chain that nobody holds any more, or begins one. A new chain is named in the main chain by the transaction that
 * makes it, so that nobody can take it away unseen.
 */
export const takeChain = async (
  transactions: Transactions,
  statements: Statements,
  { holder, at, until }: ChainLease,
): Promise<AuditChain> => {
  const send = async (statement: keyof Statements, values: Call['values']) =>
    needsAnswer((await transactions.send([{ statement: statements[statement], values }]))[0])

  const [free] = await transactions.begin([{ statement: statements.freeChain, values: [at] }])
  const [row] = needsAnswer(free).rows
  if (row) {
    const chain = readNumber(row, 'chain')
    await send('holdChain', [chain, holder, until])
    await transactions.commit()
    return chain
  }
  // Whoever begins a chain locks the main one first, so that two do not begin the same.
  await send('lockMainChain', [])
  const [last] = (await send('auditHead', [mainChain])).rows
  const [made] = (await send('beginChain', [holder, until])).rows
  if (!made) throw new Error('no chain was begun')
  const chain = readNumber(made, 'chain')
  const head = last ? readAuditHead(last) : emptyHead(mainChain)
  const { call } = linkEntries(statements, head, [chainBegun(chain, at)])
  needsFreePlace((await transactions.send([call]))[0])
  await transactions.commit()
  return chain
}
