import type { Change } from '@cardkeep/core/changes'
import type { CredentialId, EventId, WebhookId } from '@cardkeep/core/kernel/ids'
import { dayMs, epochMs, minuteMs } from '@cardkeep/core/kernel/time'
import { createCredential } from '@cardkeep/core/operations/administration/change-credentials'
import type { Tenant } from '@cardkeep/core/tenants/tenant'
import { createRecords } from '@cardkeep/testing/conformance/records'
import { createAuditLog } from '@cardkeep/testing/doubles/audit-log'
import { addTenant, openTestVault, type TestVault, testOperator } from '@cardkeep/testing/doubles/vault'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Vault } from '../compose/open-vault.ts'
import { checkpointAudit } from '../jobs/checkpoint-audit.ts'
import { examineAccess } from './access.ts'
import { examineAudit } from './audit.ts'
import { examineBins } from './bins.ts'
import type { Finding } from './finding.ts'
import { examineOutbox } from './outbox.ts'
import { examineStore } from './store.ts'

let opened: TestVault
let vault: Vault
let tenant: Tenant
beforeEach(async () => {
  opened = await openTestVault()
  // What the examinations look at of a vault, without its files.
  vault = { ...opened, config: { auditRetentionDays: 400, auditSinks: [] } } as unknown as Vault
  tenant = await addTenant(opened, 'shop')
})
afterEach(() => opened.close())

const findingOf = async (findings: Promise<readonly Finding[]>, check: string): Promise<Finding> => {
  const found = (await findings).find((finding) => finding.check === check)
  if (!found) throw new Error(`nothing was said of ${check}`)
  return found
}

const commit = async (...changes: readonly Change[]): Promise<void> => {
  expect(await opened.store.commit(changes)).toMatchObject({ ok: true })
}

test('a log that is only in the database is told of, and one that a sink follows is fine', async () => {
  const shipping = () => findingOf(examineAudit(vault), 'audit shipping')
  expect(await shipping()).toMatchObject({
    status: 'warn',
    detail: expect.stringContaining('CARDKEEP_AUDIT_SHIP'),
  })
  const { seq } = await opened.store.auditHead()
  const shipped = (at: number): Change => ({
    type: 'ship-audit',
    shipment: { sink: 'file:/log', chain: 0, seq: at, at: opened.clock.now() },
  })
  await commit(shipped(seq))
  expect(await shipping()).toMatchObject({ status: 'ok' })
  await commit(shipped(seq - 1))
  opened.clock.advance(6 * minuteMs)
  expect(await shipping()).toMatchObject({ status: 'fail', detail: `file:/log has it up to ${seq - 1}` })
})

test('of several chains each is told of, and one that nobody has written to yet is not behind', async () => {
  const { clock } = opened
  const log = createAuditLog()
  const [main, node] = [log.openNode(), log.openNode(3)]
  log.openNode(4)
  const { store, ...rest } = vault
  const examined = { ...rest, store: { ...store, ...main } }
  const { entry } = createRecords().audit({ at: clock.now() })
  const signAll = () => checkpointAudit(main, opened.signer, clock)
  await main.commit([shippedTo('file:/log', 2)])
  expect(await findingOf(examineAudit(examined), 'audit shipping')).toMatchObject({
    status: 'ok',
    detail: '1 places follow',
  })
  await node.commit([{ type: 'audit', entry }])
  clock.advance(6 * minuteMs)
  expect(await findingOf(examineAudit(examined), 'audit shipping')).toMatchObject({
    status: 'fail',
    detail: 'file:/log has chain 3 up to 0',
  })
  await node.commit([{ type: 'audit', entry }])
  expect(await findingOf(examineAudit(examined), 'audit')).toMatchObject({
    status: 'ok',
    detail:
      '2 entries from 1 on, signed up to 0; chain 3: 2 entries from 1 on, signed up to 0; ' +
      'chain 4: 0 entries from 1 on, signed up to 0',
  })
  await signAll()
  await node.commit([{ type: 'audit', entry }])
  clock.advance(401 * dayMs)
  expect(await findingOf(examineAudit(examined), 'audit retention')).toMatchObject({
    status: 'warn',
    detail: 'entries up to 2; chain 3: entries up to 2 are older than 400 days: run audit archive',
  })
})

const sinkOf = (name: string): Vault['config']['auditSinks'][number] => ({
  type: 'file',
  name,
  target: name,
  secure: true,
  caFile: undefined,
  tokenFile: undefined,
})
const shippingTo = (...names: readonly string[]): Vault => ({
  ...vault,
  config: { ...vault.config, auditSinks: names.map(sinkOf) },
})
const shippedTo = (sink: string, seq: number): Change => ({
  type: 'ship-audit',
  shipment: { sink, chain: 0, seq, at: opened.clock.now() },
})

test('a sink that never had anything is behind, and one that is no longer named is not', async () => {
  const { seq } = await opened.store.auditHead()
  await commit(shippedTo('file:/new', seq), shippedTo('file:/old', 1))
  const shipping = (...names: readonly string[]) =>
    findingOf(examineAudit(shippingTo(...names)), 'audit shipping')
  expect(await shipping('file:/new', 'https://away.example/')).toMatchObject({ status: 'warn' })
  opened.clock.advance(6 * minuteMs)
  expect(await shipping('file:/new')).toMatchObject({ status: 'ok' })
  expect(await shipping('file:/new', 'https://away.example/')).toMatchObject({
    status: 'fail',
    detail: 'https://away.example/ has it up to 0',
  })
})

test('an entry after a quiet night is not late at once, and no place is behind for want of a signature', async () => {
  const { seq } = await opened.store.auditHead()
  await commit(shippedTo('file:/log', seq), shippedTo('file:/log (signatures)', seq - 1))
  opened.clock.advance(dayMs)
  expect(await findingOf(examineAudit(vault), 'audit shipping')).toMatchObject({ status: 'ok' })
  await addTenant(opened, 'another')
  expect(await findingOf(examineAudit(vault), 'audit shipping')).toMatchObject({ status: 'ok' })
})

test('entries that are older than the retention are to be archived', async () => {
  const retention = () => findingOf(examineAudit(vault), 'audit retention')
  await checkpointAudit(opened.store, opened.signer, opened.clock)
  opened.clock.advance(400 * dayMs - 1)
  expect(await retention()).toMatchObject({ status: 'ok' })
  opened.clock.advance(1)
  expect(await retention()).toMatchObject({
    status: 'warn',
    detail: expect.stringContaining('audit archive'),
  })
})

test('credentials that will soon be disabled are named', async () => {
  const id = opened.ids.uuid() as CredentialId
  await createCredential(opened, testOperator, tenant, {
    id,
    dialect: 'ozura',
    permissions: ['tokenize'],
    hash: new Uint8Array(32),
    publicKey: undefined,
    expiresAt: undefined,
  })
  const credentials = () => findingOf(examineAccess(vault), 'credentials')
  opened.clock.advance(60 * dayMs)
  expect(await credentials()).toMatchObject({ status: 'ok' })
  opened.clock.advance(1)
  expect(await credentials()).toMatchObject({ status: 'warn', detail: expect.stringContaining(id) })
})

test('deliveries that wait for long, webhooks that are paused and letters that died are told of', async () => {
  const outbox = () => findingOf(examineOutbox(vault), 'outbox')
  expect(await outbox()).toMatchObject({ status: 'ok', detail: '0 waiting' })
  const id = opened.ids.uuid() as WebhookId
  await commit({
    type: 'put-webhook',
    webhook: {
      id,
      tenantId: tenant.id,
      url: 'https://shop.example/hooks',
      events: ['token.created'],
      form: 'standard',
      allowPrivate: false,
      ca: undefined,
      sealedSecret: new Uint8Array(60),
      createdAt: opened.clock.now(),
      health: { failures: 0, pausedUntil: undefined },
    },
  })
  await commit({
    type: 'emit-event',
    event: {
      id: opened.ids.uuid() as EventId,
      tenantId: tenant.id,
      type: 'token.created',
      subject: { type: 'token', id: opened.ids.uuid() },
      at: opened.clock.now(),
      data: {},
    },
  })
  expect(await outbox()).toMatchObject({ status: 'ok', detail: '1 waiting' })
  opened.clock.advance(11 * minuteMs)
  expect(await outbox()).toMatchObject({ status: 'warn', detail: expect.stringContaining('longer than ten') })

  const at = opened.clock.now()
  const [taken] = await opened.store.claimDeliveries({ at, until: epochMs(at + minuteMs), limit: 1 })
  if (!taken) throw new Error('nothing was due')
  await commit({ type: 'give-up-delivery', no: taken.no, attempts: 9, at, failure: 'status 500' })
  expect(await outbox()).toMatchObject({
    status: 'warn',
    detail: '0 waiting, 1 given up: see webhook failures',
  })

  const webhooks = () => findingOf(examineOutbox(vault), 'webhooks')
  expect(await webhooks()).toMatchObject({ status: 'ok' })
  const health = { failures: 20, pausedUntil: epochMs(at + minuteMs) }
  await commit({ type: 'set-webhook-health', id, health })
  expect(await webhooks()).toMatchObject({ status: 'warn', detail: expect.stringContaining(id) })
})

test('a BIN table is told of with its age', async () => {
  const bins = () => findingOf(examineBins(vault), 'BIN table')
  expect(await bins()).toMatchObject({ status: 'ok', detail: expect.stringContaining('none') })
  const set = opened.ids.uuid() as Extract<Change, { type: 'use-bins' }>['set']
  const unknown = {
    brand: undefined,
    funding: undefined,
    segment: undefined,
    product: undefined,
    issuer: undefined,
    country: undefined,
    currency: undefined,
  }
  await commit({ type: 'put-bins', set, bins: [{ prefix: '411111', ...unknown }] })
  await commit({ type: 'use-bins', set, at: opened.clock.now() })
  expect(await bins()).toMatchObject({ status: 'ok', detail: expect.stringMatching(/^1 prefixes of \d{4}-/) })
  opened.clock.advance(181 * dayMs)
  expect(await bins()).toMatchObject({ status: 'warn' })
})

test('a schema that only a newer program knows all of is told of, with both versions', async () => {
  const schema = (version: number) =>
    findingOf(
      examineStore({
        ...vault,
        store: { ...vault.store, schema: async () => ({ version, needs: 0, known: 9 }) },
      }),
      'schema',
    )
  expect(await schema(9)).toMatchObject({ status: 'ok' })
  expect(await schema(10)).toMatchObject({
    status: 'warn',
    detail: 'version 10, of which this program knows 9: finish the upgrade',
  })
})
