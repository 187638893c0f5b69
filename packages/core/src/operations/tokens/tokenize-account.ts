import type { AccountType, BankAccount, RoutingNumber } from '../../accounts/account.ts'
import { maskAccount } from '../../accounts/mask.ts'
import type { Refusal } from '../../errors.ts'
import { ok, type Result } from '../../kernel/result.ts'
import { livesFor } from '../../tokens/end.ts'
import type { BankToken } from '../../tokens/token.ts'
import { type Alongside, none } from '../alongside.ts'
import type { Caller } from '../caller.ts'
import { type GivenToken, giveOutToken } from './give-out-token.ts'
import type { GivingPorts } from './token-ports.ts'

export interface TokenizeAccount {
  readonly account: BankAccount
}

export interface TokenizedAccount
  extends Omit<GivenToken, 'token' | 'instrument' | 'sessionId' | 'codeHeld'> {
  readonly token: BankToken
  readonly routingNumber: RoutingNumber
  /** As it is stored, which for a known account may not be what the request said. */
  readonly accountType: AccountType | undefined
}

/**
 * Gives out a token for a bank account. Accounts have no date that a newer one could replace: a known one stays as it is.
 * wire: ozura §bank accounts, inferred
 */
export const tokenizeAccount = async (
  ports: GivingPorts,
  caller: Caller,
  { account }: TokenizeAccount,
  alongside: Alongside<TokenizedAccount> = none,
): Promise<Result<TokenizedAccount, Refusal>> => {
  const at = ports.clock.now()
  const given = await giveOutToken(
    ports,
    caller,
    {
      instrument: account,
      shown: { type: 'bank', mask: maskAccount(account.accountNumber) },
      details: { type: 'bank' },
      renew: (stored) => stored,
      code: undefined,
      test: false,
      end: livesFor(undefined, at),
    },
    at,
    (made) => alongside(toTokenizedAccount(made)),
  )
  return given.ok ? ok(toTokenizedAccount(given.value)) : given
}

const toTokenizedAccount = ({ token, instrument, deduplicated, scope }: GivenToken): TokenizedAccount => {
  // Precondition: cards and accounts never share a fingerprint, so a known account is an account.
  if (token.type !== 'bank' || instrument.type !== 'bank')
    throw new Error('the token of an account stands for something else')
  const { routingNumber, accountType } = instrument
  return { token, deduplicated, scope, routingNumber, accountType }
}
