import type { AuditAction } from '../../audit/entry.ts'
import type { Change } from '../../changes.ts'
import { type AccessKey, accessTokenLifetimeMs } from '../../issuing/issuer.ts'
import type { AccessKeyId } from '../../kernel/ids.ts'
import { ok, type Result, refuse } from '../../kernel/result.ts'
import { epochMs, minuteMs } from '../../kernel/time.ts'
import type { AccessKeyMaker, Clock, Ids, Store } from '../../ports.ts'
import type { Tenant } from '../../tenants/tenant.ts'
import { type Operator, type OperatorRefusal, operatorAudit } from '../operator.ts'

type Ports = {
  readonly store: Store
  readonly clock: Clock
  readonly ids: Ids
  readonly accessKeys: AccessKeyMaker
}

const attempts = 8

/**
 * Gives an issuer a new pair that signs its access tokens. Those of the one before are good until they end; or, where somebody
 * may have got hold of it, they are no good from now on, nor are those of any before it.
 */
export const rotateAccessKey = async (
  { store, clock, ids, accessKeys }: Ports,
  operator: Operator,
  tenant: Tenant,
  { endsAtOnce = false }: { readonly endsAtOnce?: boolean } = {},
): Promise<Result<AccessKey, OperatorRefusal>> => {
  if (!(await store.issuer(tenant.id))) return refuse({ type: 'NotAnIssuer' })
  const place = { id: ids.uuid() as AccessKeyId, tenantId: tenant.id }
  // A pair is dear: it is made once, whatever comes between.
  const pair = await accessKeys.make(place)
  for (let attempt = 0; attempt < attempts; attempt++) {
    const at = clock.now()
    const key: AccessKey = { ...place, ...pair, createdAt: at, retiredAt: undefined }
    const before = await store.accessKeys(tenant.id)
    const committed = await store.commit([
      { type: 'put-access-key', key },
      operatorAudit(operator, at, 'access-key.created', { type: 'access-key', id: key.id }, tenant.id),
      ...before.flatMap(({ id, retiredAt }): Change[] => {
        const note = (action: AuditAction): Change =>
          operatorAudit(operator, at, action, { type: 'access-key', id }, tenant.id)
        return [
          // One that is removed is retired too: of several commands at once the other learns that it was not the last.
          ...(retiredAt === undefined
            ? [{ type: 'retire-access-key', id, at } as const, note('access-key.retired')]
            : []),
          ...(endsAtOnce ? [{ type: 'remove-access-key', id } as const, note('access-key.removed')] : []),
        ]
      }),
    ])
    if (committed.ok) return ok(key)
    // Of several at once each retires what the one before it made.
  }
  return refuse({ type: 'Contended' })
}

/** By how much a node's clock may be behind, and how late it may hear that a pair signs no more. */
const slackMs = 5 * minuteMs

/** Removes retired pairs whose last token has ended. */
export const purgeAccessKeys = async ({
  store,
  clock,
}: {
  readonly store: Pick<Store, 'accessKeys' | 'commit'>
  readonly clock: Clock
}): Promise<void> => {
  const before = epochMs(clock.now() - accessTokenLifetimeMs - slackMs)
  const isDue = (await store.accessKeys(undefined)).some(({ retiredAt }) => (retiredAt ?? before) < before)
  // Every node forgets what it remembers of keys when this is written, so it is not written for nothing.
  if (isDue) await store.commit([{ type: 'purge-access-keys', before }])
}
