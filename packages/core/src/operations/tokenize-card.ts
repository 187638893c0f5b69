import type { Card, SecurityCode } from '../cards/card.ts'
import { type Expiry, isDueForRenewal, isExpired, isFarOff, isLater } from '../cards/expiry.ts'
import { maskPan } from '../cards/mask.ts'
import { schemeOf } from '../cards/scheme.ts'
import type { CodePolicy } from '../codes/policy.ts'
import type { Refusal } from '../errors.ts'
import { ok, type Result, refuse } from '../kernel/result.ts'
import type { EpochMs } from '../kernel/time.ts'
import type { Instrument } from '../tokens/instrument.ts'
import type { CardToken } from '../tokens/token.ts'
import { type Alongside, none } from './alongside.ts'
import type { Caller } from './caller.ts'
import { type GivenToken, type GivingPorts, giveOutToken } from './give-out-token.ts'

export interface TokenizeCard {
  readonly card: Card
  readonly code: SecurityCode | undefined
  readonly policy: CodePolicy
  /** `true` for an endpoint that makes test tokens. */
  readonly test: boolean
  /** How long the token lives; `undefined`: until it is deleted. */
  readonly lifetimeMs: number | undefined
}

export interface TokenizedCard extends Omit<GivenToken, 'token' | 'instrument'> {
  readonly token: CardToken
  /** As it is stored, which for a known number may not be what the request said. */
  readonly expiry: Expiry
}

/** Gives out a token for a card and holds its code apart from it, for as long as the policy says. */
export const tokenizeCard = async (
  ports: GivingPorts,
  caller: Caller,
  { card, code, policy, test, lifetimeMs }: TokenizeCard,
  alongside: Alongside<TokenizedCard> = none,
): Promise<Result<TokenizedCard, Refusal>> => {
  const at = ports.clock.now()
  if (isExpired(card.expiry, at)) return refuse({ type: 'CardExpired' })
  if (isFarOff(card.expiry, at)) return refuse({ type: 'InvalidExpiryYear' })
  const scheme = schemeOf(card.pan)
  const given = await giveOutToken(
    ports,
    caller,
    {
      instrument: card,
      shown: { type: 'card', scheme, mask: maskPan(card.pan) },
      details: { scheme },
      renew: (stored) => renewCard(needsCard(stored), card, at),
      code: code && { code, policy },
      test,
      lifetimeMs,
    },
    at,
    (made) => alongside(toTokenizedCard(made)),
  )
  return given.ok ? ok(toTokenizedCard(given.value)) : given
}

/**
 * A later expiry, as a reissued card has, replaces a stored one that has passed or soon will. Before that it does not:
 * whoever knows only the number could spoil a good card with a wrong date.
 */
const renewCard = (stored: Card, card: Card, at: EpochMs): Card =>
  isDueForRenewal(stored.expiry, at) && isLater(card.expiry, stored.expiry)
    ? { ...card, holder: card.holder ?? stored.holder }
    : stored

const toTokenizedCard = ({ token, instrument, ...rest }: GivenToken): TokenizedCard => {
  if (token.type !== 'card') throw new Error(needsOneKind)
  return { ...rest, token, expiry: needsCard(instrument).expiry }
}

const needsCard = (instrument: Instrument): Card => {
  if (instrument.type !== 'card') throw new Error(needsOneKind)
  return instrument
}

/** Precondition: cards and accounts never share a fingerprint, so a known card is a card. */
const needsOneKind = 'the token of a card stands for something else'
