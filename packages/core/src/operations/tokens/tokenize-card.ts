import type { Card, SecurityCode } from '../../cards/card.ts'
import { isDueForRenewal, isExpired, isFarOff, isLater } from '../../cards/expiry.ts'
import { maskPan } from '../../cards/mask.ts'
import { schemeOf } from '../../cards/scheme.ts'
import type { CodeAddress } from '../../codes/held-code.ts'
import type { CodePolicy } from '../../codes/policy.ts'
import type { Refusal } from '../../errors.ts'
import { ok, type Result, refuse } from '../../kernel/result.ts'
import type { EpochMs } from '../../kernel/time.ts'
import { livesFor } from '../../tokens/end.ts'
import { needsCard } from '../../tokens/instrument.ts'
import type { CardToken } from '../../tokens/token.ts'
import { type Alongside, none } from '../alongside.ts'
import type { Caller } from '../caller.ts'
import { type GivenToken, giveOutToken } from './give-out-token.ts'
import type { GivingPorts } from './token-ports.ts'

export interface TokenizeCard {
  readonly card: Card
  readonly code: SecurityCode | undefined
  readonly policy: CodePolicy
  /** By what the code is found again: a session of its own, or the token. */
  readonly heldBy: CodeAddress['type']
  /** Whether a card past its expiry is taken too. */
  readonly takesExpired: boolean
  /** `true` for an endpoint that makes test tokens. */
  readonly test: boolean
  /** How long the token lives; `undefined`: until it is deleted. */
  readonly lifetimeMs: number | undefined
}

export interface TokenizedCard extends Omit<GivenToken, 'token' | 'instrument'> {
  readonly token: CardToken
  /** As it is stored, which for a known number may not be what the request said. */
  readonly card: Card
}

/** Gives out a token for a card and holds its code apart from it, for as long as the policy says. */
export const tokenizeCard = async (
  ports: GivingPorts,
  caller: Caller,
  { card, code, policy, heldBy, takesExpired, test, lifetimeMs }: TokenizeCard,
  alongside: Alongside<TokenizedCard> = none,
): Promise<Result<TokenizedCard, Refusal>> => {
  const at = ports.clock.now()
  if (!takesExpired && isExpired(card.expiry, at)) return refuse({ type: 'CardExpired' })
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
      code: code && { code, policy, heldBy },
      test,
      end: livesFor(lifetimeMs, at),
    },
    at,
    (made) => alongside(toTokenizedCard(made)),
  )
  return given.ok ? ok(toTokenizedCard(given.value)) : given
}

/**
 * A later expiry, as a reissued card has, replaces a stored one that has passed or soon will. Before that it does not:
 * whoever knows only the number could spoil a good card with a wrong date. wire: ozura §tokenize, inferred
 */
const renewCard = (stored: Card, card: Card, at: EpochMs): Card =>
  isDueForRenewal(stored.expiry, at) && isLater(card.expiry, stored.expiry)
    ? { ...card, holder: card.holder ?? stored.holder, email: card.email ?? stored.email }
    : stored

const toTokenizedCard = ({ token, instrument, ...rest }: GivenToken): TokenizedCard => {
  // Precondition: cards and accounts never share a fingerprint, so the token of a known card is that of a card.
  if (token.type !== 'card') throw new Error('a card was given the token of something else')
  return { ...rest, token, card: needsCard(instrument) }
}
