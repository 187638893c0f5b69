import { parsePan } from '@cardkeep/core/cards/pan'
import type { CodePolicy } from '@cardkeep/core/codes/policy'
import { Secret } from '@cardkeep/core/kernel/secret'
import { minuteMs } from '@cardkeep/core/kernel/time'
import { type TokenizedCard, tokenizeCard } from '@cardkeep/core/operations/tokens/tokenize-card'
import type { Tenant } from '@cardkeep/core/tenants/tenant'
import { testCards } from '../canary/cards.ts'
import { callerOf, type TestVault } from './vault.ts'

export interface TokenWish {
  readonly number?: string
  /** `undefined` where none comes. */
  readonly code?: string | undefined
  readonly lifetimeMs?: number
}

/** For an hour and for more uses than a test makes, so that whatever ends a code is what the test did. */
const patientPolicy: CodePolicy = {
  hold: true,
  ttlMs: 60 * minuteMs,
  uses: 10,
  destinations: undefined,
}

/** Tokenizes a card for a tenant, with a code that is held. */
export const addToken = async (
  vault: TestVault,
  tenant: Tenant,
  wish: TokenWish = {},
): Promise<TokenizedCard> => {
  const pan = parsePan(new Secret(wish.number ?? testCards.visa))
  if (!pan.ok) throw new Error('a test names a number that is none')
  const code = 'code' in wish ? wish.code : '947'
  const made = await tokenizeCard(vault, callerOf(tenant), {
    card: {
      type: 'card',
      pan: pan.value,
      expiry: { month: 12, year: 2030, yearDigits: 4 },
      holder: undefined,
    },
    code: code === undefined ? undefined : new Secret(code),
    policy: patientPolicy,
    heldBy: 'session',
    takesExpired: false,
    test: false,
    lifetimeMs: wish.lifetimeMs,
  })
  if (!made.ok) throw new Error(`a test could not make a token: ${made.error.type}`)
  return made.value
}
