import type { AuditOutcome } from '../../audit/entry.ts'
import { type Refusal, UnavailableError } from '../../errors.ts'
import type { TokenId } from '../../kernel/ids.ts'
import { ok, type Result, refuse } from '../../kernel/result.ts'
import type { CardCipher, Clock, Ids, Readiness, Store } from '../../ports.ts'
import type { Instrument } from '../../tokens/instrument.ts'
import { auditOf, type Caller } from '../caller.ts'
import { findToken } from './find-token.ts'

export interface RevealToken {
  readonly tokenId: TokenId
}

type Ports = {
  readonly store: Store
  readonly cipher: CardCipher
  readonly clock: Clock
  readonly ids: Ids
  readonly readiness: Readiness
}

/**
 * Gives the clear card or account to a caller who may know it. That it was asked for is durable before it is told
 * (PCI DSS 10.2.1.1); what cannot be written down is not told. A code is never part of it.
 */
export const revealToken = async (
  { store, cipher, clock, ids, readiness }: Ports,
  caller: Caller,
  { tokenId }: RevealToken,
): Promise<Result<Instrument, Refusal>> => {
  const revealId = ids.uuid()
  const audit = (outcome: AuditOutcome) =>
    auditOf(caller, clock.now(), 'card.reveal', outcome, { type: 'token', id: tokenId }, { revealId })
  for (let attempt = 0; attempt < attempts; attempt++) {
    const found = await findToken(store, caller, tokenId, 'reveal', clock.now())
    if (!found.ok) return found
    const { token, place } = found.value
    const instrument = await cipher.open(place, token.sealed)
    // A token that was suspended a moment ago is told to nobody any more.
    const intended = await store.commit([{ type: 'expect-token', token }, audit('intent')])
    if (!intended.ok) continue
    if (readiness.isSealed()) return refuse({ type: 'Sealed' })
    // Both before the number leaves: nobody can say afterwards whether a reply arrived.
    await store.commit([audit('success')])
    return ok(instrument)
  }
  throw new UnavailableError('a token could not be told: others changed it at every attempt')
}

const attempts = 8
