import { healthy } from '../../events/delivery-schedule.ts'
import type { Webhook } from '../../events/webhook.ts'
import { done, ok, type Result, refuse } from '../../kernel/result.ts'
import type { Clock, KeyMaker, Store } from '../../ports.ts'
import type { Tenant } from '../../tenants/tenant.ts'
import { type Operator, type OperatorRefusal, operatorAudit } from '../operator.ts'

type Ports = { readonly store: Store; readonly clock: Clock }

export interface CreateWebhook extends Omit<Webhook, 'tenantId' | 'sealedSecret' | 'createdAt' | 'health'> {
  /** Seals the signing secret; the tenant has its webhook key by then. */
  readonly sealSecret: () => Promise<Uint8Array>
}

/** Tells a tenant of events from now on. Only a test tenant may be told without TLS, and only where private addresses are allowed. */
export const createWebhook = async (
  { store, clock, keys }: Ports & { readonly keys: KeyMaker },
  operator: Operator,
  tenant: Tenant,
  { sealSecret, ...made }: CreateWebhook,
): Promise<Result<Webhook, OperatorRefusal>> => {
  const mayBePlain = tenant.environment === 'test' && made.allowPrivate
  if (!made.url.startsWith('https://') && !mayBePlain) return refuse({ type: 'PlainHttpWebhook' })
  if (!(await ensureKeys(store, keys, tenant))) return refuse({ type: 'Contended' })
  const at = clock.now()
  const webhook: Webhook = {
    ...made,
    tenantId: tenant.id,
    sealedSecret: await sealSecret(),
    createdAt: at,
    health: healthy,
  }
  const committed = await store.commit([
    { type: 'put-webhook', webhook },
    operatorAudit(operator, at, 'webhook.created', { type: 'webhook', id: made.id }, tenant.id, {
      url: withoutQuery(made.url),
      events: made.events.join(' '),
      form: made.form,
      allowPrivate: made.allowPrivate,
    }),
  ])
  return committed.ok ? ok(webhook) : refuse({ type: 'Contended' })
}

export const removeWebhook = async (
  { store, clock }: Ports,
  operator: Operator,
  id: string,
): Promise<Result<void, OperatorRefusal>> => {
  const webhook = await findWebhook(store, id)
  if (!webhook) return refuse({ type: 'WebhookNotFound' })
  const committed = await store.commit([
    { type: 'remove-webhook', id: webhook.id },
    operatorAudit(operator, clock.now(), 'webhook.removed', { type: 'webhook', id }, webhook.tenantId),
  ])
  // Somebody else removed it a moment ago.
  return committed.ok ? done : refuse({ type: 'WebhookNotFound' })
}

/** Lifts a pause: what is due is sent at once, and the endpoint's failures are forgotten. */
export const enableWebhook = async (
  { store, clock }: Ports,
  operator: Operator,
  id: string,
): Promise<Result<void, OperatorRefusal>> => {
  const webhook = await findWebhook(store, id)
  if (!webhook) return refuse({ type: 'WebhookNotFound' })
  const committed = await store.commit([
    { type: 'set-webhook-health', id: webhook.id, health: healthy },
    operatorAudit(operator, clock.now(), 'webhook.enabled', { type: 'webhook', id }, webhook.tenantId),
  ])
  return committed.ok ? done : refuse({ type: 'Contended' })
}

/** The log leaves the machine, and a receiver may be known by a password in the query. */
const withoutQuery = (url: string): string => url.split('?', 1).join('')

const findWebhook = async (store: Store, id: string): Promise<Webhook | undefined> =>
  (await store.webhooks(undefined)).find((webhook) => webhook.id === id)

const attempts = 5

/** A tenant that was made by an older program has no webhook key yet. */
const ensureKeys = async (store: Store, keys: KeyMaker, { id, environment }: Tenant): Promise<boolean> => {
  for (let attempt = 0; attempt < attempts; attempt++) {
    const prepared = await keys.keysFor([{ owner: { type: 'tenant', id }, environment }])
    if (prepared.changes.length === 0) return true
    if (!(await store.commit(prepared.changes)).ok) continue
    await prepared.committed()
    return true
  }
  return false
}
