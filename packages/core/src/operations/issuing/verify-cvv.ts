import { type Refusal, UnavailableError } from '../../errors.ts'
import { afterWrongTry, type CvvTries, judgeTry, noTries } from '../../issuing/cvv-tries.ts'
import { isReady, type ReadyIssuer } from '../../issuing/issuer.ts'
import type { IssuedCardId } from '../../kernel/ids.ts'
import { ok, type Result, refuse } from '../../kernel/result.ts'
import type { Secret } from '../../kernel/secret.ts'
import type { EpochMs } from '../../kernel/time.ts'
import type { CountOwed, PendingTries, RotatingCard } from '../../ports.ts'
import { auditOf, type Caller } from '../caller.ts'
import { deriveCvvs } from './derive-cvvs.ts'
import { findIssuedCard } from './find-issued-card.ts'
import { subjectOf } from './issued-card-subject.ts'
import type { IssuingPorts } from './issuing-ports.ts'

export interface VerifyCvv {
  readonly cardId: IssuedCardId
  readonly cvv: Secret<string>
  /** Where the authorisation carries one: it must be the card's too. */
  readonly expiry: { readonly month: number; readonly year: number } | undefined
}

export interface CvvVerdict {
  readonly isValid: boolean
  /** Nothing was compared: too many were wrong before. */
  readonly isLocked: boolean
}

/**
 * Says whether a CVV is right. A wrong one is counted, durably, before anybody is told. Until then a try counts among those
 * under way, and it begins to before it reads the counters: so there is no moment at which it counts nowhere. Where it cannot be
 * counted it is owed, and nothing more is compared for the card until it is: whoever is told of an outage instead of a verdict
 * has used up a guess too.
 */
export const verifyCvv = async (
  ports: IssuingPorts,
  caller: Caller,
  command: VerifyCvv,
): Promise<Result<CvvVerdict, Refusal>> => {
  const { store, clock, pendingTries } = ports
  const { cardId } = command
  const wish = { need: 'account or issuer', use: 'cvv', at: clock.now() } as const
  // Before it counts: whoever may not reach a card must not take the place of those who may.
  const found = await findIssuedCard(store, caller, cardId, wish)
  if (!found.ok) return found
  const { issuer, card, rotation } = found.value
  if (!isReady(issuer)) return refuse({ type: 'IssuerNotReady', reason: 'no CVK' })
  await makeRoom(pendingTries)
  const entered = await pendingTries.enter(cardId)
  try {
    await pendingTries.countOwed(cardId)
    // What others of this node are counting just now; before the counters are read, so that it is in one of both.
    const pending = entered + pendingTries.owed(cardId)
    const at = clock.now()
    const tries = (await store.cvvTries(cardId)) ?? noTries(cardId)
    const verdict = judgeTry(tries, rotation.serial, pending, at)
    if (verdict === 'locked') return ok({ isValid: false, isLocked: true })
    if (verdict === 'wait') return refuse({ type: 'TooManyGuesses', retryAfterSeconds: 1 })
    const isValid = await isRight(ports, issuer, { card, rotation }, command, at)
    if (!isValid)
      await countOrOwe(pendingTries, cardId, () => countWrong(ports, caller, cardId, rotation.serial))
    return ok({ isValid, isLocked: false })
  } finally {
    await pendingTries.leave(cardId)
  }
}

/** Where no more can be owed, some of it is counted first, of whichever card. */
const makeRoom = async (pendingTries: PendingTries): Promise<void> => {
  for (;;) {
    const cardId = pendingTries.mustCountFirst()
    if (cardId === undefined) return
    if ((await pendingTries.countOwed(cardId)) === 0)
      throw new UnavailableError('wrong tries are still to be counted, and no more of them can be remembered')
  }
}

/** What was written although an error came back is counted twice, which harms less than not at all. */
const countOrOwe = async (
  pendingTries: PendingTries,
  cardId: IssuedCardId,
  count: CountOwed,
): Promise<void> => {
  try {
    await count()
  } catch (error) {
    pendingTries.owe(cardId, count)
    throw error
  }
}

/** All that may be right is derived and compared, also after one was: how long it takes says nothing. */
const isRight = async (
  { issuedCards, cvvs }: IssuingPorts,
  issuer: ReadyIssuer,
  { card, rotation }: RotatingCard,
  { cvv, expiry }: VerifyCvv,
  at: EpochMs,
): Promise<boolean> => {
  const { previous } = rotation
  const pan = await issuedCards.openNumber(card, card.sealedNumber)
  const sealed = [
    rotation.sealedServiceCode,
    ...(previous && at < previous.until ? [previous.sealedServiceCode] : []),
  ]
  const codes = await Promise.all(sealed.map((code) => issuedCards.openServiceCode(card, code)))
  const sources = codes.map((serviceCode) => ({ card, pan, serviceCode }))
  const derived = await deriveCvvs(cvvs, issuer, sources)
  const matches = derived.map((right) => cvvs.isSame(right.cvv, cvv))
  const isExpiryRight = !expiry || (expiry.month === card.expiryMonth && expiry.year === card.expiryYear)
  return matches.includes(true) && isExpiryRight
}

/** No more than five are judged at once, so that each is written after a few attempts. */
const attempts = 32

const countWrong = async (
  { store, clock }: IssuingPorts,
  caller: Caller,
  cardId: IssuedCardId,
  serial: number,
): Promise<void> => {
  for (let attempt = 0; attempt < attempts; attempt++) {
    const at = clock.now()
    const tries = (await store.cvvTries(cardId)) ?? noTries(cardId)
    const after = afterWrongTry(tries, serial, at)
    const counted = await store.commit([
      { type: 'put-cvv-tries', tries: after },
      ...(locksNow(tries, after, at) ? [auditLock(caller, cardId, after, at)] : []),
    ])
    if (counted.ok) return
  }
  throw new UnavailableError('a wrong try could not be counted: others were at every attempt')
}

const locksNow = (before: CvvTries, after: CvvTries, at: EpochMs): boolean =>
  judgeTry(before, after.serial, 0, at) !== 'locked' && judgeTry(after, after.serial, 0, at) === 'locked'

const auditLock = (
  caller: Caller,
  cardId: IssuedCardId,
  { wrong, recent, lockedAt }: CvvTries,
  at: EpochMs,
) =>
  auditOf(caller, at, 'cvv.locked', 'success', subjectOf({ id: cardId }), {
    ...{ wrong, wrongInADay: recent.length },
    until: lockedAt === undefined ? 'it rotates or is reset' : 'it is reset',
  })
