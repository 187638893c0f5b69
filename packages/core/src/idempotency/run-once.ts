import type { Change } from '../changes.ts'
import type { Refusal } from '../errors.ts'
import type { ClaimId, TenantId } from '../kernel/ids.ts'
import { ok, type Result, refuse } from '../kernel/result.ts'
import type { EpochMs } from '../kernel/time.ts'
import type { Alongside } from '../operations/alongside.ts'
import type { Clock, Ids, ReplySealer, Store } from '../ports.ts'
import {
  claimLifetimeMs,
  type KeptReply,
  replyLifetimeMs,
  type StoredClaim,
  type StoredReply,
} from './claim.ts'
import type { RequestMark } from './mark.ts'

type Ports = {
  readonly store: Pick<Store, 'commit' | 'idempotencyClaim'>
  readonly clock: Clock
  readonly ids: Ids
  readonly replySealer: ReplySealer
}

/** Its own answer, or the reply of a request that came before under the same key. */
export type RunOnce<Value> =
  | { readonly type: 'ran'; readonly value: Value }
  | { readonly type: 'replayed'; readonly reply: KeptReply }

/**
 * Runs what a request asks for unless it has run already. `run` commits what it is handed in the commit that makes its
 * answer true, so that the answer and the claim on it become durable together.
 *
 * Whatever else ends it, a claim that is still under way says that nothing was committed. So it is released, and the
 * request may be sent again at once. A reply that does not open is thrown, and its claim stays as it is: what was
 * answered never runs again.
 */
export const runOnce = async <Value>(
  ports: Ports,
  tenantId: TenantId,
  marks: readonly RequestMark[],
  run: (settle: Alongside<KeptReply>) => Promise<Result<Value, Refusal>>,
): Promise<Result<RunOnce<Value>, Refusal>> => {
  const claimed = await claim(ports, tenantId, marks)
  if (!claimed.ok) return claimed
  if (claimed.value.type === 'answered') {
    const { mark, reply } = claimed.value
    return ok({ type: 'replayed', reply: await ports.replySealer.open(mark, reply) })
  }
  const { claims } = claimed.value

  let isSettled = false
  try {
    let timesHanded = 0
    const result = await run((reply) => {
      timesHanded++
      return claims.map((own) => ({
        type: 'settle-idempotency',
        claim: own,
        reply: ports.replySealer.seal(own, reply),
      }))
    })
    if (!result.ok) return result
    // Precondition: an operation under an idempotency key commits what stands alongside.
    if (timesHanded === 0) throw new Error('an operation did not commit the reply to its idempotency key')
    isSettled = true
    return ok({ type: 'ran', value: result.value })
  } finally {
    if (!isSettled) await release(ports, claims)
  }
}

type OwnClaim = RequestMark & Pick<StoredClaim, 'claimId'>

type Claimed =
  | { readonly type: 'claimed'; readonly claims: readonly OwnClaim[] }
  | { readonly type: 'answered'; readonly mark: RequestMark; readonly reply: StoredReply }

/** Each conflict is another request that came first; what it made of the claim is read again. */
const attempts = 8

/**
 * Claims every name of the request in one commit: while a key of the vault is being rotated, two requests may not know
 * the same keys, but the older one is known to both.
 */
const claim = async (
  { store, clock, ids }: Ports,
  tenantId: TenantId,
  marks: readonly RequestMark[],
): Promise<Result<Claimed, Refusal>> => {
  const claimId = ids.uuid() as ClaimId
  for (let attempt = 0; attempt < attempts; attempt++) {
    const at = clock.now()
    const standing = await findStanding(store, marks, at)
    if (standing) return judge(standing)
    const changes = marks.map(
      (mark): Change => ({ type: 'claim-idempotency', claim: { ...mark, tenantId, claimId, at } }),
    )
    if ((await store.commit(changes)).ok)
      return ok({ type: 'claimed', claims: marks.map((mark) => ({ ...mark, claimId })) })
  }
  return refuse({ type: 'IdempotencyKeyInUse' })
}

interface Standing {
  readonly claim: StoredClaim
  readonly mark: RequestMark
}

const findStanding = async (
  store: Ports['store'],
  marks: readonly RequestMark[],
  at: EpochMs,
): Promise<Standing | undefined> => {
  for (const mark of marks) {
    const found = await store.idempotencyClaim(mark.name)
    if (found && !isOpen(found, at)) return { claim: found, mark }
  }
  return undefined
}

/** Past its time: whoever comes may claim it anew. */
const isOpen = ({ at: since, reply }: StoredClaim, at: EpochMs): boolean =>
  since + (reply ? replyLifetimeMs : claimLifetimeMs) <= at

/** Another request under the same key is a mistake of the caller, whether the first has been answered or not. */
const judge = ({ claim, mark }: Standing): Result<Claimed, Refusal> => {
  if (!isSame(claim.digest, mark.digest)) return refuse({ type: 'IdempotencyKeyReused' })
  return claim.reply
    ? ok({ type: 'answered', mark, reply: claim.reply })
    : refuse({ type: 'IdempotencyKeyInUse' })
}

const isSame = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, at) => byte === b[at])

const release = async ({ store }: Ports, claims: readonly OwnClaim[]): Promise<void> => {
  try {
    await store.commit(claims.map((own) => ({ type: 'release-idempotency', claim: own })))
  } catch {
    // What went wrong before is the answer, and the claim opens by itself.
  }
}
