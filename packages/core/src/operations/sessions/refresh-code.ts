import type { SecurityCode } from '../../cards/card.ts'
import type { Change } from '../../changes.ts'
import type { TokenAddress } from '../../codes/held-code.ts'
import type { CodePolicy } from '../../codes/policy.ts'
import { type Refusal, UnavailableError } from '../../errors.ts'
import type { TokenId } from '../../kernel/ids.ts'
import { done, ok, type Result, refuse } from '../../kernel/result.ts'
import type { EpochMs } from '../../kernel/time.ts'
import type { Clock, CodeStore, GuessLimits, Readiness, Store } from '../../ports.ts'
import type { CardToken } from '../../tokens/token.ts'
import { auditOf, type Caller } from '../caller.ts'
import { countCode } from '../codes/count-code.ts'
import { type CodeHold, holdCode } from '../codes/hold-code.ts'
import { commitOrUndo } from '../commit-or-undo.ts'
import { type FoundCard, findCard } from '../tokens/find-card.ts'

export type RefreshingPorts = {
  readonly store: Store
  readonly codes: CodeStore
  readonly guesses: GuessLimits
  readonly clock: Clock
  readonly readiness: Pick<Readiness, 'isSealed'>
}

export interface RefreshCode {
  readonly tokenId: TokenId
  readonly code: SecurityCode
  readonly policy: CodePolicy
}

const attempts = 8

/**
 * Holds a fresh code for a token, in the place of any that it held of this tenant: the last one written wins. Nobody but the
 * card's issuer can tell whether the code is right, so each counts as a guess.
 *
 * The code is held before the commit, which holds only if nobody has changed the token meanwhile. Whoever suspends one
 * writes that first and then drops its codes, so either the commit finds it, or the drop finds the code.
 */
export const refreshCode = async (
  ports: RefreshingPorts,
  caller: Caller,
  command: RefreshCode,
): Promise<Result<void, Refusal>> => {
  const { store, guesses, clock, readiness } = ports
  const { tokenId } = command
  const counted = await countCode(guesses, caller)(tokenId)
  if (!counted.ok) return counted

  for (let attempt = 0; attempt < attempts; attempt++) {
    const at = clock.now()
    const found = await findCard(store, caller, tokenId, 'refresh', at)
    if (!found.ok) return found
    const held = await hold(ports, caller, command, found.value, at)
    if (!held.ok) return held
    // Codes that came with sessions, of another tenant, or since then, are not what failed.
    const undo = async () => held.value?.undo()
    // The last moment: a vault that is shut only now drops this code with all others.
    if (readiness.isSealed()) {
      await undo()
      return refuse({ type: 'Sealed' })
    }
    const changesOf = () => tellOf(caller, command, found.value.token, at)
    if (await commitOrUndo(store, changesOf, undo)) return done
  }
  throw new UnavailableError('a code could not be refreshed: others changed its token at every attempt')
}

const hold = async (
  { codes }: RefreshingPorts,
  caller: Caller,
  { tokenId, code, policy }: RefreshCode,
  { place }: FoundCard,
  at: EpochMs,
): Promise<Result<CodeHold | undefined, Refusal>> => {
  if (!policy.hold) return ok(undefined)
  const { ttlMs, uses, destinations } = policy
  const tenantId = caller.principal.tenant.id
  const address: TokenAddress = { type: 'token', tenantId, tokenId }
  return holdCode(codes, { address, place, tenantId, code, ttlMs, uses, destinations }, undefined, at)
}

const tellOf = (
  caller: Caller,
  { policy }: RefreshCode,
  token: CardToken,
  at: EpochMs,
): readonly Change[] => [
  { type: 'expect-token', token },
  auditOf(
    caller,
    at,
    'code.refreshed',
    'success',
    { type: 'token', id: token.id },
    { codeHeld: policy.hold },
  ),
]
