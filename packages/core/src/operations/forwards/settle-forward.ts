import type { AuditEntry, AuditOutcome } from '../../audit/entry.ts'
import type { Change } from '../../changes.ts'
import type { TakenCode } from '../../codes/held-code.ts'
import type { Sent } from '../../errors.ts'
import type { TokenId } from '../../kernel/ids.ts'
import type { EpochMs } from '../../kernel/time.ts'
import type { Clock, CodeStore, Readiness, SendOutcome, Store } from '../../ports.ts'
import { stateOf, type TokenState } from '../../tokens/lifecycle.ts'
import type { TokenStanding } from '../../tokens/token.ts'
import type { auditOf } from '../caller.ts'
import { isStillUsable } from '../tokens/find-token.ts'

type Details = AuditEntry['details']

/** Writes an entry of one forward, at the time that it is handed. */
export type AuditForward = (
  outcome: AuditOutcome,
  at: EpochMs,
  details: Details,
) => ReturnType<typeof auditOf>

const attempts = 8

/**
 * An outcome that cannot be written takes nothing from the caller, but the vault stops being ready. Who stopped the token
 * while its card was under way must find this forward in the log, so what it says of the token holds where it is written.
 */
export const recordOutcome = async (
  { store, readiness, clock }: { store: Store; readiness: Readiness; clock: Clock },
  sent: TokenStanding,
  outcome: SendOutcome,
  audit: AuditForward,
): Promise<void> => {
  const at = clock.now()
  const [said, details] = describe(outcome)
  // Almost always nobody has touched it, and the commit itself finds out.
  let token: TokenStanding | undefined | 'unknown' = sent
  try {
    for (let attempt = 0; attempt < attempts; attempt++) {
      const meanwhile = nameState(token, at)
      const entry = meanwhile === 'active' ? details : { ...details, tokenMeanwhile: meanwhile }
      const expected: readonly Change[] = typeof token === 'object' ? [{ type: 'expect-token', token }] : []
      if ((await store.commit([...expected, audit(said, at, entry)])).ok) return
      token = await findNow(store, sent.id)
    }
    await store.commit([audit(said, at, { ...details, tokenMeanwhile: 'unknown' })])
  } catch {
    readiness.auditFailed()
  }
}

/**
 * wire: ozura §cvc sessions, inferred: a code comes back where nothing was sent. A token that was suspended or deleted
 * meanwhile, here or by another process, gets nothing back.
 */
export const returnCode = async (
  { codes, store, clock }: { codes: CodeStore; store: Store; clock: Clock },
  tokenId: TokenId,
  taken: TakenCode,
): Promise<void> => {
  // A store that cannot be read loses nobody's code: the next forward looks at the token again.
  const usable = await isStillUsable(store, tokenId, clock.now()).catch(() => true)
  if (usable) await codes.giveBack(taken)
}

export const sentOf = (outcome: SendOutcome): Sent =>
  outcome.type === 'answered' ? 'yes' : 'sent' in outcome.refusal ? outcome.refusal.sent : 'no'

const findNow = async (store: Store, tokenId: TokenId): Promise<TokenStanding | undefined | 'unknown'> => {
  try {
    return await store.token(tokenId)
  } catch {
    return 'unknown'
  }
}

/** A row goes only long after its token was deleted, or when it is past its time. */
const nameState = (token: TokenStanding | undefined | 'unknown', at: EpochMs): TokenState | 'unknown' => {
  if (token === 'unknown') return token
  return token ? stateOf(token, at) : 'deleted'
}

const describe = (outcome: SendOutcome): [AuditOutcome, Details] => {
  const sent = sentOf(outcome)
  if (outcome.type === 'answered') return ['success', { sent, status: outcome.answer.status }]
  const { refusal } = outcome
  const reason = refusal.type === 'ForwardFailed' ? refusal.reason : refusal.type
  return [sent === 'unknown' ? 'unknown' : 'failure', { sent, reason }]
}
