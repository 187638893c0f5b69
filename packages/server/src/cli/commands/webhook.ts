import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { EventType } from '@cardkeep/core/events/event'
import type { WebhookForm } from '@cardkeep/core/events/webhook'
import type { TenantId, WebhookId } from '@cardkeep/core/kernel/ids'
import { openSecret } from '@cardkeep/core/kernel/secret'
import {
  createWebhook,
  enableWebhook,
  removeWebhook,
} from '@cardkeep/core/operations/administration/change-webhooks'
import { findTenant } from '@cardkeep/core/operations/administration/find-tenant'
import { replayDeliveries, replayDelivery } from '@cardkeep/core/operations/administration/replay-delivery'
import { Command } from 'commander'
import { needsForm, offeredForms, readEvents, spellEvents } from '../../webhooks/forms/forms.ts'
import { type CommandContext, withVault } from '../context.ts'
import { CommandFailure, orFail } from '../failure.ts'
import { asInteger, asOneOf, asTexts, jsonOption } from '../options.ts'

export const webhookCommand = (): Command =>
  new Command('webhook')
    .description('where tenants are told of events')
    .addCommand(create())
    .addCommand(list())
    .addCommand(remove())
    .addCommand(enable())
    .addCommand(failures())
    .addCommand(replay())

interface CreateOptions {
  readonly tenant: string
  readonly url: string
  readonly events: readonly string[]
  readonly dialect: WebhookForm
  readonly ca?: string
  readonly private?: true
  readonly json?: true
}

const create = (): Command =>
  new Command('create')
    .description('tell a tenant of events; the signing secret is shown once')
    .requiredOption('--tenant <tenant>', 'name or id')
    .requiredOption('--url <url>', 'https://…')
    .requiredOption('--events <events>', offeredForms.map(describeEvents).join('; '), asTexts)
    .option('--dialect <form>', 'how events look and are signed', asOneOf(offeredForms), 'standard')
    .option('--ca <file>', 'trust these authorities (PEM) for it, and no others')
    .option('--private', 'allow private and loopback addresses, and http for a test tenant')
    .addOption(jsonOption())
    .action((options: CreateOptions) =>
      withVault(options, async ({ vault, operator, out }) => {
        const tenant = orFail(await findTenant(vault.store, options.tenant))
        const id = vault.ids.uuid() as WebhookId
        const secret = needsForm(options.dialect).makeSecret()
        const webhook = orFail(
          await createWebhook(vault.operatorPorts, operator, tenant, {
            id,
            url: readUrl(options.url),
            events: needsEvents(options),
            form: options.dialect,
            allowPrivate: options.private ?? false,
            ca: options.ca === undefined ? undefined : readAuthorities(options.ca),
            sealSecret: () => vault.webhookSecrets.seal({ tenantId: tenant.id, id }, secret),
          }),
        )
        out.answer({ webhook_id: webhook.id, secret: openSecret(secret, 'hand out') })
      }),
    )

const list = (): Command =>
  new Command('list')
    .description('webhooks, and how they have answered lately')
    .option('--tenant <tenant>', 'name or id')
    .addOption(jsonOption())
    .action((options: { tenant?: string; json?: true }) =>
      withVault(options, async (context) => {
        const { vault, out } = context
        const webhooks = await vault.store.webhooks(await tenantIdOf(context, options.tenant))
        out.answer({
          webhooks: webhooks.map((webhook) => ({
            webhook_id: webhook.id,
            tenant: webhook.tenantId,
            url: webhook.url,
            events: spellEvents(webhook),
            dialect: webhook.form,
            own_ca: webhook.ca !== undefined,
            private: webhook.allowPrivate,
            failures: webhook.health.failures,
            paused_until: spellTime(webhook.health.pausedUntil),
          })),
        })
      }),
    )

const remove = (): Command =>
  new Command('remove')
    .description('tell it no more; what waits for it is dropped')
    .argument('<id>', 'the webhook_id')
    .addOption(jsonOption())
    .action((id: string, options: { json?: true }) =>
      withVault(options, async ({ vault, operator, out }) => {
        orFail(await removeWebhook(vault.operatorPorts, operator, id))
        out.answer({ webhook_id: id, removed: true })
      }),
    )

const enable = (): Command =>
  new Command('enable')
    .description('lift the pause of a webhook that failed')
    .argument('<id>', 'the webhook_id')
    .addOption(jsonOption())
    .action((id: string, options: { json?: true }) =>
      withVault(options, async ({ vault, operator, out }) => {
        orFail(await enableWebhook(vault.operatorPorts, operator, id))
        out.answer({ webhook_id: id, enabled: true })
      }),
    )

const failures = (): Command =>
  new Command('failures')
    .description('deliveries that were given up, newest first')
    .option('--tenant <tenant>', 'name or id')
    .option('--limit <number>', 'how many at most', asInteger(1, 100_000), 100)
    .addOption(jsonOption())
    .action((options: { tenant?: string; limit: number; json?: true }) =>
      withVault(options, async (context) => {
        const { vault, out } = context
        const tenantId = await tenantIdOf(context, options.tenant)
        const dead = await vault.store.deadDeliveries(tenantId, options.limit)
        out.answer({
          failures: dead.map(({ no, webhookId, event, attempts, deadAt, failure }) => ({
            delivery: no,
            webhook_id: webhookId,
            event: event.type,
            subject: event.subject.id,
            happened_at: spellTime(event.at),
            attempts,
            given_up_at: spellTime(deadAt),
            failure,
          })),
        })
      }),
    )

const replay = (): Command =>
  new Command('replay')
    .description('send again what was given up')
    .argument('[delivery]', 'its number in `webhook failures`', asInteger(1, Number.MAX_SAFE_INTEGER))
    .option('--all', 'everything that was given up')
    .option('--tenant <tenant>', 'with --all: of this tenant only')
    .addOption(jsonOption())
    .action((no: number | undefined, options: { all?: true; tenant?: string; json?: true }) =>
      withVault(options, async (context) => {
        const { vault, operator, out } = context
        if ((no === undefined) === (options.all === undefined))
          throw new CommandFailure('either the number of a delivery or --all')
        if (no !== undefined) orFail(await replayDelivery(vault.operatorPorts, operator, no))
        const replayed =
          no === undefined
            ? await replayDeliveries(vault.operatorPorts, operator, await tenantIdOf(context, options.tenant))
            : 1
        out.answer({ replayed })
      }),
    )

const tenantIdOf = async (
  { vault }: CommandContext,
  tenant: string | undefined,
): Promise<TenantId | undefined> =>
  tenant === undefined ? undefined : orFail(await findTenant(vault.store, tenant)).id

const spellTime = (at: number | undefined): string | null =>
  at === undefined ? null : new Date(at).toISOString()

const describeEvents = (form: WebhookForm): string =>
  `for ${form} of ${Object.keys(needsForm(form).events).join(', ')}`

const needsEvents = ({ events, dialect }: CreateOptions): readonly EventType[] => {
  const names = events.flatMap((text) => text.split(',')).map((name) => name.trim())
  const types = readEvents(dialect, names)
  if (!types) throw new CommandFailure(`--events: ${describeEvents(dialect)}`)
  return types
}

/** Whoever reads the list of webhooks must not find a password in it. */
const readUrl = (text: string): string => {
  const url = URL.parse(text)
  if (!url || (url.protocol !== 'https:' && url.protocol !== 'http:'))
    throw new CommandFailure('--url is https://HOST[:PORT]/PATH')
  if (url.username !== '' || url.password !== '' || url.href.includes('#'))
    throw new CommandFailure('--url has neither a user nor a password nor a #fragment')
  return url.href
}

const readAuthorities = (file: string): string => {
  try {
    const pem = readFileSync(file, 'utf8')
    new X509Certificate(pem)
    return pem
  } catch {
    throw new CommandFailure(`--ca: ${file} holds no PEM certificate`)
  }
}
