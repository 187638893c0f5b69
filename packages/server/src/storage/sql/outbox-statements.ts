import { isKnownEvent, isKnownWebhook } from './known-words.ts'

/*
 * Webhooks and what waits to be delivered to them.
 *
 * Deliveries of one webhook and subject stand in a line, and only the first may be sent. The statements that keep the
 * lines count on one writer at a time, as SQLite has it. Where several write at once, each that emits, removes, buries or
 * revives first needs a lock on webhook and subject, and `claimDeliveries` has to lock its rows and skip locked ones.
 */

const webhookColumns = `id, tenant_id, url, form, allow_private, ca, sealed_secret, created_at, failures, paused_until,
  (select string_agg(event, ' ') from webhook_events where webhook_id = webhooks.id) as events`

const deliveryColumns =
  'no, webhook_id, event_id, tenant_id, event, subject_type, subject_id, at, data, attempts'

export const outboxStatements = {
  putWebhook: `insert into webhooks (id, tenant_id, url, form, allow_private, ca, sealed_secret, created_at, failures,
      paused_until)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict do nothing`,
  putWebhookEvent: `insert into webhook_events (webhook_id, event, tenant_id) values ($1, $2, $3)
    on conflict do nothing`,
  // Its events and deliveries refer to it and go along.
  removeWebhook: 'delete from webhooks where id = $1',
  setWebhookHealth: 'update webhooks set failures = $2, paused_until = $3 where id = $1',
  webhook: `select ${webhookColumns} from webhooks where id = $1 and ${isKnownWebhook}`,
  webhooks: `select ${webhookColumns} from webhooks where ${isKnownWebhook} order by created_at, id`,
  webhooksOfTenant: `select ${webhookColumns} from webhooks where tenant_id = $1 and ${isKnownWebhook} order by created_at, id`,

  emitEvent: `insert into deliveries (webhook_id, event_id, tenant_id, event, subject_type, subject_id, at, data,
      attempts, due_at, is_first)
    select webhook_id, $3, $1, $2, $4, $5, $6, $7, 0, $6,
      case when exists (select 1 from deliveries
        where deliveries.webhook_id = webhook_events.webhook_id and deliveries.subject_id = $5) then 0 else 1 end
    from webhook_events where tenant_id = $1 and event = $2`,
  moveUpAfterDelivery: `update deliveries set is_first = 1 where is_first = 0 and no = (
      select others.no from deliveries as gone join deliveries as others
      on others.webhook_id = gone.webhook_id and others.subject_id = gone.subject_id
      where gone.no = $1 and others.no <> $1 order by others.no limit 1)`,
  removeDelivery: 'delete from deliveries where no = $1',
  delayDelivery: 'update deliveries set attempts = $2, due_at = $3, failure = $4 where no = $1',
  buryDelivery: `insert into dead_deliveries (${deliveryColumns}, failure, dead_at)
    select no, webhook_id, event_id, tenant_id, event, subject_type, subject_id, at, data, $2, $4, $3
    from deliveries where no = $1`,
  reviveDelivery: `insert into deliveries (${deliveryColumns}, due_at, is_first)
    select no, webhook_id, event_id, tenant_id, event, subject_type, subject_id, at, data, 0, $2,
      case when exists (select 1 from deliveries as earlier where earlier.webhook_id = dead_deliveries.webhook_id
        and earlier.subject_id = dead_deliveries.subject_id and earlier.no < $1) then 0 else 1 end
    from dead_deliveries where no = $1`,
  moveBackBehindDelivery: `update deliveries set is_first = 0 where is_first = 1 and no in (
      select later.no from deliveries as first join deliveries as later
      on later.webhook_id = first.webhook_id and later.subject_id = first.subject_id and later.no > first.no
      where first.no = $1)`,
  removeDeadDelivery: 'delete from dead_deliveries where no = $1',
  purgeDeadDeliveries: `delete from dead_deliveries where no in (
      select no from dead_deliveries where dead_at < $1 order by dead_at limit $2)`,
  // Who has waited longest comes first.
  dueWebhooks: `select webhooks.id, (select min(due_at) from deliveries
        where deliveries.webhook_id = webhooks.id and is_first = 1 and due_at <= $1 and ${isKnownEvent}) as since
    from webhooks where ${isKnownWebhook} and (paused_until is null or paused_until <= $1)
      and exists (select 1 from deliveries
        where deliveries.webhook_id = webhooks.id and is_first = 1 and due_at <= $1 and ${isKnownEvent})
    order by since`,
  claimDeliveries: `update deliveries set due_at = $3 where no in (
      select no from deliveries where webhook_id = $1 and is_first = 1 and due_at <= $2 and ${isKnownEvent}
      order by due_at, no limit $4)
    returning ${deliveryColumns}`,
  deadDeliveries: `select ${deliveryColumns}, failure, dead_at from dead_deliveries where ${isKnownEvent}
    order by dead_at desc, no desc limit $1`,
  deadDeliveriesOfTenant: `select ${deliveryColumns}, failure, dead_at from dead_deliveries where tenant_id = $1 and ${isKnownEvent}
    order by dead_at desc, no desc limit $2`,
  // What has the lowest number happened first.
  outboxState: `select (select count(*) from deliveries) as waiting,
      (select at from deliveries order by no limit 1) as oldest_at,
      (select count(*) from dead_deliveries) as dead`,
} as const satisfies Record<string, string>
