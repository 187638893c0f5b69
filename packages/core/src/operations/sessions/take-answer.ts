import { parseCode } from '../../cards/code.ts'
import type { CodePolicy } from '../../codes/policy.ts'
import type { Refusal } from '../../errors.ts'
import type { TokenId } from '../../kernel/ids.ts'
import { ok, type Result } from '../../kernel/result.ts'
import type { Secret } from '../../kernel/secret.ts'
import type { Readiness, SessionKeys, SessionStore } from '../../ports.ts'
import type { CaptureAnswer } from '../../sessions/capture-answer.ts'
import type { CaptureWish, SessionClaim } from '../../sessions/capture-session.ts'
import type { Caller } from '../caller.ts'
import type { GivingPorts } from '../tokens/token-ports.ts'
import { tokenizeCard } from '../tokens/tokenize-card.ts'
import { type RefreshingPorts, refreshCode } from './refresh-code.ts'
import type { Settlement } from './settle-session.ts'

export type TakingPorts = GivingPorts &
  RefreshingPorts & {
    readonly sessions: Pick<SessionStore, 'admit'>
    readonly sessionKeys: Pick<SessionKeys, 'open'>
    readonly readiness: Pick<Readiness, 'isSealed'>
  }

export interface SealedAnswer {
  /** As the browser sealed it. */
  readonly payload: string
  /** Reads what was sealed, in the form of its dialect. */
  readonly read: (text: Secret<string>) => Result<CaptureAnswer, Refusal>
  /** For codes of tenants that have no policy of their own. */
  readonly defaultPolicy: CodePolicy
}

/** Opens what a browser sealed for a session and does what it says. */
export const takeAnswer = async (
  ports: TakingPorts,
  caller: Caller,
  claim: SessionClaim,
  { payload, read, defaultPolicy }: SealedAnswer,
): Promise<Settlement> => {
  const { sessions, sessionKeys, readiness } = ports
  const { tenant } = caller.principal
  const opened = await sessionKeys.open(tenant.environment, claim.session, payload)
  // A seal takes the pairs along: then it is not the payload's fault.
  if (!opened.ok) return readiness.isSealed() ? sealed : { type: 'fail', refusal: opened.error }
  const isNew = await sessions.admit(claim, opened.value.mark)
  if (!isNew) return { type: 'fail', refusal: { type: 'PayloadNotReadable' } }
  const answer = read(opened.value.text)
  if (!answer.ok) return { type: 'fail', refusal: answer.error }
  if (readiness.isSealed()) return sealed
  const policy = tenant.codePolicy ?? defaultPolicy
  const done = await act(ports, caller, claim.session.wish, answer.value, policy)
  return done.ok ? { type: 'end', end: { type: 'success', tokenId: done.value } } : judge(done.error)
}

const sealed: Settlement = { type: 'release', refusal: { type: 'Sealed' } }

const act = (
  ports: TakingPorts,
  caller: Caller,
  wish: CaptureWish,
  answer: CaptureAnswer,
  policy: CodePolicy,
): Promise<Result<TokenId, Refusal>> => {
  if (wish.type === 'tokenize' && answer.type === 'tokenize')
    return tokenize(ports, caller, wish, answer, policy)
  if (wish.type === 'refresh code' && answer.type === 'refresh code')
    return refresh(ports, caller, wish, answer, policy)
  // Precondition: a dialect reads the kind of answer that it said it was.
  throw new Error('an answer was read as one to another question')
}

type Wish<Type extends CaptureWish['type']> = Extract<CaptureWish, { readonly type: Type }>
type Answer<Type extends CaptureAnswer['type']> = Extract<CaptureAnswer, { readonly type: Type }>

const tokenize = async (
  ports: GivingPorts,
  caller: Caller,
  wish: Wish<'tokenize'>,
  { card, code, lifetimeMs }: Answer<'tokenize'>,
  policy: CodePolicy,
): Promise<Result<TokenId, Refusal>> => {
  const made = await tokenizeCard(ports, caller, {
    card,
    code,
    policy,
    heldBy: 'token',
    takesExpired: false,
    test: false,
    lifetimeMs: shorter(wish.lifetimeMs, lifetimeMs),
  })
  return made.ok ? ok(made.value.token.id) : made
}

const refresh = async (
  ports: RefreshingPorts,
  caller: Caller,
  { tokenId, card }: Wish<'refresh code'>,
  answer: Answer<'refresh code'>,
  policy: CodePolicy,
): Promise<Result<TokenId, Refusal>> => {
  const code = parseCode(answer.code, card.scheme)
  if (!code.ok) return code
  const refreshed = await refreshCode(ports, caller, { tokenId, code: code.value, policy })
  return refreshed.ok ? ok(tokenId) : refreshed
}

/** Of all that may be refused once an answer is read, what is not its fault. */
const notItsFault: ReadonlySet<Refusal['type']> = new Set([
  'TooManyCodes',
  'TooManyGuesses',
  'Unavailable',
  'Sealed',
])

const judge = (refusal: Refusal): Settlement => {
  if (refusal.type === 'TokenNotFound')
    return { type: 'end', end: { type: 'failure', reason: 'token not found' } }
  return { type: notItsFault.has(refusal.type) ? 'release' : 'fail', refusal }
}

const shorter = (one: number | undefined, other: number | undefined): number | undefined =>
  one === undefined || other === undefined ? (one ?? other) : Math.min(one, other)
