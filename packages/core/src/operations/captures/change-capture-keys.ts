import { type CaptureKey, captureKeysPerTenant } from '../../captures/capture-key.ts'
import type { Change } from '../../changes.ts'
import { UnavailableError } from '../../errors.ts'
import type { CaptureKeyId } from '../../kernel/ids.ts'
import { done, ok, type Result, refuse } from '../../kernel/result.ts'
import type { EpochMs } from '../../kernel/time.ts'
import type { CaptureKeyMaker, Clock, Ids, Store } from '../../ports.ts'
import type { Tenant } from '../../tenants/tenant.ts'
import { auditOf, type Caller } from '../caller.ts'
import { type Operator, type OperatorRefusal, operatorAudit } from '../operator.ts'

type Ports = {
  readonly store: Store
  readonly clock: Clock
  readonly ids: Ids
  readonly captureKeyMaker: CaptureKeyMaker
}

/** Who makes a key: a caller of an API for its own tenant, or an operator for any. */
export type CaptureKeyActor = Caller | { readonly operator: Operator; readonly tenant: Tenant }

/** A refusal of both unions. */
export interface TooManyCaptureKeys {
  readonly type: 'TooManyCaptureKeys'
}

const attempts = 8

/** Makes a key pair for which the tenant's clients encrypt cards. */
export const createCaptureKey = async (
  ports: Ports,
  actor: CaptureKeyActor,
): Promise<Result<CaptureKey, TooManyCaptureKeys>> =>
  // A pair is dear, and of many who ask at once most would make theirs for nothing.
  ports.captureKeyMaker.inTurn(() => createInTurn(ports, actor))

const createInTurn = async (
  { store, clock, ids, captureKeyMaker }: Ports,
  actor: CaptureKeyActor,
): Promise<Result<CaptureKey, TooManyCaptureKeys>> => {
  const tenant = isCaller(actor) ? actor.principal.tenant : actor.tenant
  const place = { id: ids.uuid() as CaptureKeyId, tenantId: tenant.id }
  let pair: Awaited<ReturnType<CaptureKeyMaker['make']>> | undefined
  for (let attempt = 0; attempt < attempts; attempt++) {
    if ((await listCaptureKeys({ store }, tenant)).length >= captureKeysPerTenant)
      return refuse({ type: 'TooManyCaptureKeys' })
    pair ??= await captureKeyMaker.make(place)
    const key: CaptureKey = { ...place, ...pair, createdAt: clock.now(), retiredAt: undefined }
    const committed = await store.commit([
      { type: 'put-capture-key', key },
      auditCreated(actor, key.createdAt, key),
    ])
    if (committed.ok) return ok(key)
    // Of several at once one takes the last place; the others find out above.
  }
  throw new UnavailableError('a capture key could not be made: others made some at every attempt')
}

/** Active ones, oldest first. */
export const listCaptureKeys = async (
  { store }: Pick<Ports, 'store'>,
  tenant: Pick<Tenant, 'id'>,
): Promise<readonly CaptureKey[]> =>
  (await store.captureKeys(tenant.id)).filter(({ retiredAt }) => retiredAt === undefined)

/** Clients must encrypt for another from now on; what was captured until now opens for as long as it is good. */
export const retireCaptureKey = async (
  { store, clock }: Pick<Ports, 'store' | 'clock'>,
  operator: Operator,
  id: CaptureKeyId,
): Promise<Result<void, OperatorRefusal>> => {
  const key = await store.captureKey(id)
  if (!key) return refuse({ type: 'CaptureKeyNotFound' })
  if (key.retiredAt !== undefined) return done
  const at = clock.now()
  const committed = await store.commit([
    { type: 'retire-capture-key', id, at },
    operatorAudit(operator, at, 'capture-key.retired', { type: 'capture-key', id }, key.tenantId),
  ])
  // A conflict means that another has just retired it, which is what was asked.
  return committed.ok || (await store.captureKey(id))?.retiredAt !== undefined
    ? done
    : refuse({ type: 'Contended' })
}

const isCaller = (actor: CaptureKeyActor): actor is Caller => 'principal' in actor

const auditCreated = (actor: CaptureKeyActor, at: EpochMs, { id, tenantId }: CaptureKey): Change => {
  const subject = { type: 'capture-key', id } as const
  return isCaller(actor)
    ? auditOf(actor, at, 'capture-key.created', 'success', subject)
    : operatorAudit(actor.operator, at, 'capture-key.created', subject, tenantId)
}
