import { interceptCommits } from '@cardkeep/testing/doubles/commits'
import { addTenant, callerOf, openTestVault, type TestVault } from '@cardkeep/testing/doubles/vault'
import { afterEach, expect, test } from 'vitest'
import type { CodeAddress } from '../../codes/held-code.ts'
import { UnavailableError } from '../../errors.ts'
import type { SessionId, TokenId } from '../../kernel/ids.ts'
import { done, refuse } from '../../kernel/result.ts'
import { Secret } from '../../kernel/secret.ts'
import { minuteMs } from '../../kernel/time.ts'
import { dropCode } from './drop-code.ts'

const opened: TestVault[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map((vault) => vault.close()))
})

const sessionId = '00000000-0000-4000-8000-00000000beef' as SessionId
const tokenId = '00000000-0000-4000-8000-00000000cafe' as TokenId

const open = async () => {
  const vault = await openTestVault()
  opened.push(vault)
  const tenant = await addTenant(vault, 'shop')
  const place = { scopeId: tenant.defaultScopeId, environment: tenant.environment, tokenId }
  const address: CodeAddress = { type: 'session', tenantId: tenant.id, sessionId }
  await vault.codes.hold({
    address,
    place,
    tenantId: tenant.id,
    code: new Secret('947'),
    ttlMs: minuteMs,
    uses: 2,
    destinations: undefined,
  })
  let auditFailures = 0
  const readiness = {
    auditFailed: () => {
      auditFailures++
    },
  }
  return {
    vault,
    tenant,
    ports: { ...vault, readiness },
    take: () => vault.codes.take(address, { place, destination: 'https://shop.example' }),
    auditFailures: () => auditFailures,
  }
}

const notHeld = refuse({ type: 'CodeNotHeld' })

test('a code that is dropped is gone, and that is written down', async () => {
  const { ports, tenant, take, vault } = await open()
  expect(await dropCode(ports, callerOf(tenant), sessionId)).toEqual(done)
  expect(await take()).toBeUndefined()
  const [entry] = await vault.store.auditEntries((await vault.store.auditHead()).seq - 1, 1)
  expect((JSON.parse(entry?.text ?? '') as unknown[]).slice(2, 9)).toEqual([
    'code.dropped',
    'success',
    tenant.id,
    ['credential', callerOf(tenant).principal.credentialId],
    '192.0.2.1',
    callerOf(tenant).requestId,
    ['code', sessionId],
  ])
})

test('a code is gone although its end cannot be written down, and the vault is told', async () => {
  const { ports, tenant, take, vault, auditFailures } = await open()
  const store = interceptCommits(vault.store, async () => {
    throw new UnavailableError('disk full')
  })
  expect(await dropCode({ ...ports, store }, callerOf(tenant), sessionId)).toEqual(done)
  expect(await take()).toBeUndefined()
  expect(auditFailures()).toBe(1)
})

test('a code is gone before anything is written', async () => {
  const { ports, tenant, take, vault } = await open()
  let atCommit: unknown = 'nothing was written'
  const store = interceptCommits(vault.store, async (_, commit) => {
    atCommit = await take()
    return commit()
  })
  await dropCode({ ...ports, store }, callerOf(tenant), sessionId)
  expect(atCommit).toBeUndefined()
})

test('a code that is dropped, spent or expired is not held, and nothing is written', async () => {
  const { ports, tenant, take, vault } = await open()
  await take()
  await take()
  const { seq } = await vault.store.auditHead()
  expect(await dropCode(ports, callerOf(tenant), sessionId)).toEqual(notHeld)
  expect(
    await dropCode(ports, callerOf(tenant), '00000000-0000-4000-8000-0000deadbeef' as SessionId),
  ).toEqual(notHeld)
  expect((await vault.store.auditHead()).seq).toBe(seq)
})

test('a code of another tenant is not held, and stays', async () => {
  const { ports, take, vault } = await open()
  const stranger = await addTenant(vault, 'stranger')
  expect(await dropCode(ports, callerOf(stranger), sessionId)).toEqual(notHeld)
  expect(await take()).toBeDefined()
})
