import { deadDeliveryKeptMs } from '../../events/delivery-schedule.ts'
import type { DeadDelivery } from '../../events/webhook.ts'
import type { TenantId, WebhookId } from '../../kernel/ids.ts'
import { done, type Result, refuse } from '../../kernel/result.ts'
import { epochMs } from '../../kernel/time.ts'
import type { Clock, Store } from '../../ports.ts'
import { type Operator, type OperatorRefusal, operatorAudit } from '../operator.ts'

type Ports = { readonly store: Store; readonly clock: Clock }

/** Sends what was given up once more, from the first attempt on. */
export const replayDelivery = async (
  ports: Ports,
  operator: Operator,
  no: number,
): Promise<Result<void, OperatorRefusal>> => {
  const dead = (await ports.store.deadDeliveries(undefined, mostDead)).find((known) => known.no === no)
  return dead && (await replay(ports, operator, [dead])) ? done : refuse({ type: 'DeadDeliveryNotFound' })
}

/** The same for everything that was given up until now, of one tenant or of all. Answers how many. */
export const replayDeliveries = async (
  ports: Ports,
  operator: Operator,
  tenantId: TenantId | undefined,
): Promise<number> => {
  const { store, clock } = ports
  const startedAt = clock.now()
  let replayed = 0
  let limit = perCommit
  for (;;) {
    const dead = await store.deadDeliveries(tenantId, limit)
    // What is replayed to an endpoint that is gone is given up again at once, and then stands before the rest.
    const meant = dead.filter(({ deadAt }) => deadAt <= startedAt).slice(0, perCommit)
    if (meant.length === 0) {
      if (dead.length < limit) return replayed
      limit *= 2
      continue
    }
    // Somebody else replayed some of them or removed their webhook; what is left is read again.
    if (await replay(ports, operator, meant)) replayed += meant.length
  }
}

/** Forgets what was given up long ago. */
export const purgeDeadDeliveries = async ({ store, clock }: Ports): Promise<void> => {
  await store.commit([{ type: 'purge-dead-deliveries', before: epochMs(clock.now() - deadDeliveryKeptMs) }])
}

/** `false` if not all of them were to be had; then none was replayed. */
const replay = async (
  { store, clock }: Ports,
  operator: Operator,
  dead: readonly DeadDelivery[],
): Promise<boolean> => {
  const at = clock.now()
  const counts = new Map<WebhookId, { readonly tenantId: TenantId; readonly deliveries: number }>()
  for (const { webhookId, event } of dead)
    counts.set(webhookId, {
      tenantId: event.tenantId,
      deliveries: (counts.get(webhookId)?.deliveries ?? 0) + 1,
    })
  const committed = await store.commit([
    ...dead.map(({ no }) => ({ type: 'replay-delivery', no, at }) as const),
    ...[...counts].map(([id, { tenantId, deliveries }]) =>
      operatorAudit(operator, at, 'webhook.replayed', { type: 'webhook', id }, tenantId, { deliveries }),
    ),
  ])
  return committed.ok
}

const perCommit = 500

/** No more than that are looked through for one number. */
const mostDead = 1_000_000
