import type { CapturedCard, SealedCapture } from '../../captures/captured-card.ts'
import type { Change } from '../../changes.ts'
import type { CodePolicy } from '../../codes/policy.ts'
import { type Refusal, UnavailableError } from '../../errors.ts'
import type { FingerprintId, TokenId } from '../../kernel/ids.ts'
import { ok, type Result, refuse } from '../../kernel/result.ts'
import type { Secret } from '../../kernel/secret.ts'
import type { EpochMs } from '../../kernel/time.ts'
import type { NetworkTokenAction } from '../../network-tokens/network-token.ts'
import { stateOf, verdictOn } from '../../tokens/lifecycle.ts'
import { auditOf, type Caller } from '../caller.ts'
import { type OpenCapture, openCapture } from '../captures/open-capture.ts'
import { type CodeCount, countCode } from '../codes/count-code.ts'
import { type CodeHold, holdCode, onceOf } from '../codes/hold-code.ts'
import {
  type PlannedNetworkToken,
  planNetworkToken,
  showNetworkToken,
} from '../network-tokens/plan-network-token.ts'
import type { CardOverview } from './card-overview.ts'
import { type FoundCard, findCard } from './find-card.ts'
import { type PlannedUpdate, planUpdate, type UpdateWish } from './plan-update.ts'
import { auditToken } from './token-actor.ts'
import type { CapturePorts } from './token-ports.ts'

/** What of a token becomes another; what is `undefined` stays. A value here counts before the same one in the capture. */
export interface UpdateToken {
  readonly tokenId: TokenId
  /** With a number in it, the token stands for that number from then on. */
  readonly capture: SealedCapture | undefined
  /** Digits, not yet held against the card's scheme. */
  readonly code: Secret<string> | undefined
  readonly holderName: string | undefined
  readonly email: string | undefined
  readonly expiryMonth: number | undefined
  readonly expiryYear: number | undefined
  /** The first moment at which it is gone. */
  readonly until: EpochMs | undefined
  readonly networkToken: NetworkTokenAction | undefined
  /** For its code: that of the tenant or of the dialect, as narrowed by the caller. */
  readonly policy: CodePolicy
}

/** Of callers who change one token at once one wins each time. */
const attempts = 32

/**
 * Changes what a token stands for. With another number it keeps its id, and what belongs to the number before goes: the
 * codes that were held for the token, and its network token. A suspended one stays so. wire: verifone §patch, inferred
 */
export const updateToken = async (
  ports: CapturePorts,
  caller: Caller,
  command: UpdateToken,
): Promise<Result<CardOverview, Refusal>> => {
  const at = ports.clock.now()
  // Looked for first: to open what somebody encrypted costs much more.
  const found = await findCard(ports.store, caller, command.tokenId, 'update', at)
  if (!found.ok) return found
  const opened = command.capture && (await openCapture(ports, caller, command.capture, at))
  if (opened && !opened.ok) return opened
  return update(ports, caller, wishOf(ports, caller, command, opened?.value))
}

interface Wish extends UpdateWish {
  readonly networkToken: NetworkTokenAction | undefined
  readonly policy: CodePolicy
  readonly count: CodeCount
  /** Of the number that the code was typed for; `undefined`: of whatever number the token then has. */
  readonly codeFor?: FingerprintId
}

/** A value of the body counts before the same one in the capture. */
const wishOf = (
  { captureMarks, guesses }: CapturePorts,
  caller: Caller,
  { code, expiryYear, ...command }: Omit<UpdateToken, 'capture'>,
  opened: OpenCapture | undefined,
): Wish => {
  const captured: Partial<CapturedCard> = opened?.card ?? {}
  const once = opened && onceOf(captureMarks, opened)
  return {
    ...command,
    pan: captured.pan,
    expiryMonth: command.expiryMonth ?? captured.expiryMonth,
    expiryYear: expiryYear === undefined ? captured.expiryYear : { year: expiryYear, yearDigits: 4 },
    holderName: command.holderName ?? captured.holderName,
    code: code ? { text: code, once: undefined } : captured.code && { text: captured.code, once },
    count: countCode(guesses, caller),
  }
}

const update = async (
  ports: CapturePorts,
  caller: Caller,
  wish: Wish,
): Promise<Result<CardOverview, Refusal>> => {
  for (let attempt = 0; attempt < attempts; attempt++) {
    const at = ports.clock.now()
    const found = await findCard(ports.store, caller, wish.tokenId, 'update', at)
    if (!found.ok) return found
    const wished = isOfNumber(wish, found.value) ? wish : { ...wish, code: undefined }
    const planned = await planUpdate(ports, caller, wished, found.value, at)
    if (!planned) continue
    if (!planned.ok) return planned
    const written = await write(ports, caller, wished, planned.value)
    if (!written) continue
    if (!written.ok) return written
    return conclude(ports, caller, wished, planned.value, written.value)
  }
  throw new UnavailableError('a token could not be updated: others changed it at every attempt')
}

/** A token that was given yet another number meanwhile must not hold the code of the one before. */
const isOfNumber = ({ codeFor }: Wish, { token }: FoundCard): boolean =>
  codeFor === undefined || token.fingerprint.id === codeFor

/** `undefined`: others changed the token. Nothing stays of what was prepared outside the store unless all is written. */
const write = async (
  ports: CapturePorts,
  caller: Caller,
  wish: Wish,
  planned: PlannedUpdate,
): Promise<Result<PlannedNetworkToken | undefined, Refusal> | undefined> => {
  const { store, codes, readiness } = ports
  const { token, card, isRelinked, at } = planned
  const action = wish.networkToken
  const network = action && (await planNetworkToken(ports, { token, card, action, isRelinked, at }))
  if (network && !network.ok) return network
  let hold: CodeHold | undefined
  let isKept = false
  try {
    const held = await holdCodeOf(ports, caller, wish, planned)
    if (!held.ok) return held
    hold = held.value
    // Also before it is written: whoever dies in between must not leave a code to a number that it is not of.
    if (isRelinked) await codes.dropToken(token.id)
    // The last moment: a vault that is shut only now drops this code with all others.
    if (hold && readiness.isSealed()) return refuse({ type: 'Sealed' })
    isKept = (await store.commit(changesOf(caller, wish, planned, network?.value, hold))).ok
    return isKept ? ok(network?.value) : undefined
  } finally {
    if (!isKept) await undoAll(hold, network?.value)
  }
}

const undoAll = async (
  hold: CodeHold | undefined,
  network: PlannedNetworkToken | undefined,
): Promise<void> => {
  try {
    await hold?.undo()
  } finally {
    await network?.undo()
  }
}

/** With another number its codes go once that is written, so the new one comes after that, if there are not too many. */
const holdCodeOf = async (
  { codes }: CapturePorts,
  caller: Caller,
  { policy, code: wanted, count }: Wish,
  { found: { place }, token, code, isRelinked, at }: PlannedUpdate,
): Promise<Result<CodeHold | undefined, Refusal>> => {
  if (!code || !policy.hold || verdictOn('refresh', token, at) !== 'does') return ok(undefined)
  if (isRelinked) {
    const counted = await count(token.id)
    return counted.ok ? ok(undefined) : counted
  }
  const tenantId = caller.principal.tenant.id
  const { ttlMs, uses, destinations } = policy
  const address = { type: 'token', tenantId, tokenId: token.id } as const
  const held = { address, place, tenantId, code, ttlMs, uses, destinations }
  return holdCode(codes, held, wanted?.once, at, () => count(token.id))
}

/** Where nothing becomes another and no code came in: who was shown the card. */
const changesOf = (
  caller: Caller,
  { code }: Wish,
  { found, token, parts, changes, at }: PlannedUpdate,
  network: PlannedNetworkToken | undefined,
  hold: CodeHold | undefined,
): readonly Change[] => {
  const subject = { type: 'token', id: token.id } as const
  const details = { parts: parts.join(' '), codeHeld: hold !== undefined }
  const written: Change[] = [...changes, ...(network?.changes ?? []), ...(hold?.changes ?? [])]
  if (parts.length > 0 || code)
    written.push(auditOf(caller, at, 'token.updated', 'success', subject, details))
  if (network?.told) written.push(auditOf(caller, at, network.told, 'success', subject, network.details))
  if (written.length === 0) return [auditToken(caller, at, 'token.shown', token)]
  return changes.length === 0 ? [{ type: 'expect-token', token: found.token }, ...written] : written
}

const conclude = async (
  ports: CapturePorts,
  caller: Caller,
  wish: Wish,
  { token, card, bin, isRelinked, at }: PlannedUpdate,
  network: PlannedNetworkToken | undefined,
): Promise<Result<CardOverview, Refusal>> => {
  if (isRelinked) {
    // Whoever held one for the number before has written by now that it did, or will find the token changed.
    await ports.codes.dropToken(token.id)
    if (wish.code) return update(ports, caller, onlyCode(wish, token.fingerprint.id))
  }
  const networkToken = network?.shown ?? (await showNetworkToken(ports, caller, token, at))
  return ok({ token, state: stateOf(token, at), card, bin, networkToken })
}

const onlyCode = ({ tokenId, code, count, policy }: Wish, codeFor: FingerprintId): Wish => ({
  ...{ tokenId, code, codeFor, count, policy, pan: undefined, expiryMonth: undefined, expiryYear: undefined },
  ...{ holderName: undefined, email: undefined, until: undefined, networkToken: undefined },
})
