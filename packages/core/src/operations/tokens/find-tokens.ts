import { ok, type Result, refuse } from '../../kernel/result.ts'
import type { Clock, Store } from '../../ports.ts'
import type { Tenant } from '../../tenants/tenant.ts'
import { verdictOn } from '../../tokens/lifecycle.ts'
import { type Operator, type OperatorRefusal, operatorAudit } from '../operator.ts'
import { describeToken, type ShownToken } from './show-token.ts'

type Ports = { readonly store: Store; readonly clock: Clock }

export interface FindTokens {
  /** The digits at the end of a mask: four, and fewer for a short account number. */
  readonly last4: string
  /** `undefined`: of all tenants. */
  readonly tenant: Tenant | undefined
}

export interface FoundTokens {
  /** Newest first. */
  readonly tokens: readonly ShownToken[]
  /** There are more than a list shows. */
  readonly isCut: boolean
}

export const listLimit = 100

const lastDigits = /^\d{2,4}$/

/**
 * Tokens whose number ends so, deleted ones too. Whoever asks with a whole number is refused, and the number is neither
 * repeated nor kept: it stands in the shell's history as it is.
 */
export const findTokens = async (
  { store, clock }: Ports,
  operator: Operator,
  { last4, tenant }: FindTokens,
): Promise<Result<FoundTokens, OperatorRefusal>> => {
  if (!lastDigits.test(last4)) return refuse({ type: 'NotLastDigits' })
  const at = clock.now()
  const rows = await store.tokensEndingIn(last4, tenant?.id, listLimit + 1)
  const tokens = rows
    .slice(0, listLimit)
    .filter((token) => verdictOn('show', token, at) !== 'absent')
    .map((token) => describeToken(token, at))
  await store.commit([
    operatorAudit(
      operator,
      at,
      'token.shown',
      tenant ? { type: 'tenant', id: tenant.id } : { type: 'vault', id: 'vault' },
      tenant?.id,
      {
        by: 'last digits',
        count: tokens.length,
      },
    ),
  ])
  return ok({ tokens, isCut: rows.length > listLimit })
}
