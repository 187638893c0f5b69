import { testCards } from '@cardkeep/testing/canary/cards'
import { addCaptureKey, capturePortsOf, visaCard } from '@cardkeep/testing/doubles/captures'
import { interceptCommits } from '@cardkeep/testing/doubles/commits'
import {
  addTenant,
  callerOf,
  openTestVault,
  type TestVault,
  testOperator,
} from '@cardkeep/testing/doubles/vault'
import { accountOf } from '@cardkeep/testing/keys/fixture'
import { afterEach, expect, test } from 'vitest'
import { defaultPolicies } from '../../codes/policy.ts'
import { UnavailableError } from '../../errors.ts'
import type { BinSetId, TokenId } from '../../kernel/ids.ts'
import { refuse } from '../../kernel/result.ts'
import { dayMs } from '../../kernel/time.ts'
import type { Tenant } from '../../tenants/tenant.ts'
import { deleteToken } from './delete-token.ts'
import { putCard } from './put-card.ts'
import { showOverview } from './show-overview.ts'
import { suspendToken } from './suspend-token.ts'
import { sweepTokens } from './sweep-tokens.ts'
import { tokenizeAccount } from './tokenize-account.ts'
import { updateToken } from './update-token.ts'

const opened: TestVault[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map((vault) => vault.close()))
})

const policy = defaultPolicies.verifone

const open = async () => {
  const vault = await openTestVault()
  opened.push(vault)
  const tenant = await addTenant(vault, 'shop', { environment: 'test' })
  const { seal } = await addCaptureKey(vault, tenant)
  const capture = seal({ ...visaCard, name: 'Ada King', code: '947' })
  const put = await putCard(capturePortsOf(vault), callerOf(tenant), {
    ...{ scopeId: tenant.defaultScopeId, capture, wants: 'reuse', until: undefined, policy },
  })
  if (!put.ok || put.value.type !== 'token') throw new Error('a test could not put a card')
  const { overview } = put.value
  const { id } = overview.token
  const askSchemes = async (): Promise<void> => {
    const settings = { networkToken: true, accountReference: true, requestor: 'merchant' } as const
    await vault.store.commit([{ type: 'set-network-tokens', scopeId: tenant.defaultScopeId, settings }])
  }
  const activate = () =>
    updateToken(capturePortsOf(vault), callerOf(tenant), {
      ...{ tokenId: id, networkToken: 'activate', policy, capture: undefined, code: undefined },
      ...{ holderName: undefined, email: undefined, until: undefined },
      ...{ expiryMonth: undefined, expiryYear: undefined },
    })
  return { vault, tenant, overview, id, askSchemes, activate }
}

const notFound = refuse({ type: 'TokenNotFound' })

const lastEntry = async ({ store }: TestVault): Promise<unknown[]> => {
  const [entry] = await store.auditEntries((await store.auditHead()).seq - 1, 1)
  return JSON.parse(entry?.text ?? '[]') as unknown[]
}

const show = (vault: TestVault, tenant: Tenant, id: TokenId) => showOverview(vault, callerOf(tenant), id)

test('a token is shown as it was answered when it was made, and who saw it is written down', async () => {
  const { vault, tenant, overview, id } = await open()
  const shown = await show(vault, tenant, id)
  if (!shown.ok) throw new Error('a test could not show a token')
  const { card, token, ...rest } = shown.value
  expect(rest).toEqual({ state: 'active', bin: undefined, networkToken: undefined })
  expect(token).toMatchObject({ id, version: overview.token.version, expiresAt: overview.token.expiresAt })
  expect(card).toMatchObject({ expiry: overview.card?.expiry, holder: { fullName: 'Ada King' } })
  const entry = await lastEntry(vault)
  expect(entry.slice(2, 4)).toEqual(['token.shown', 'success'])
  expect(entry[8]).toEqual(['token', id])
  expect(JSON.stringify(entry)).not.toMatch(new RegExp(`${testCards.visa}|947|Ada`))
})

test('it is shown to nobody where that cannot be written down', async () => {
  const { vault, tenant, id } = await open()
  const store = interceptCommits(vault.store, async () => {
    throw new UnavailableError('disk full')
  })
  await expect(showOverview({ ...vault, store }, callerOf(tenant), id)).rejects.toThrow(UnavailableError)
})

test('it comes with what the operator knows of its issuer, and with its network token', async () => {
  const { vault, tenant, id, askSchemes, activate } = await open()
  const set = vault.ids.uuid() as BinSetId
  const bin = { prefix: '411111', brand: 'VISA', issuer: 'BANK' } as never
  await vault.store.commit([
    { type: 'put-bins', set, bins: [bin] },
    { type: 'use-bins', set, at: vault.clock.now() },
  ])
  await askSchemes()
  const activated = await activate()
  const shown = await show(vault, tenant, id)
  expect(shown).toMatchObject({
    ok: true,
    value: { bin: { prefix: '411111' }, networkToken: { status: 'active' } },
  })
  const numberOf = (result: typeof shown) => result.ok && result.value.networkToken?.issued?.accountReference
  expect(numberOf(shown)).toBe(numberOf(activated))
})

test('the number of its network token is shown to nobody who only sends or looks', async () => {
  const { vault, tenant, id, askSchemes, activate } = await open()
  await askSchemes()
  await activate()
  for (const [permissions, isWhole] of [
    [['tokenize'], true],
    [['forward'], false],
  ] as const) {
    const { principal, ...caller } = callerOf(tenant)
    const shown = await showOverview(vault, { ...caller, principal: { ...principal, permissions } }, id)
    expect(shown).toMatchObject({ ok: true, value: { state: 'active', networkToken: { status: 'active' } } })
    expect(shown.ok && shown.value.networkToken?.issued?.number !== undefined).toBe(isWhole)
  }
  await suspendToken(vault, callerOf(tenant), id)
  expect(await show(vault, tenant, id)).toMatchObject({
    ok: true,
    value: { state: 'suspended', networkToken: { status: 'active', issued: undefined } },
  })
})

test('of a deleted token only its mask is left, for thirty days', async () => {
  const { vault, tenant, id } = await open()
  await deleteToken(vault, testOperator, id)
  expect(await show(vault, tenant, id)).toMatchObject({
    ok: true,
    value: {
      ...{ state: 'deleted', card: undefined, bin: undefined, networkToken: undefined },
      token: { mask: { last4: '1111' } },
    },
  })
  vault.clock.advance(30 * dayMs + 1)
  await sweepTokens(vault)
  expect(await show(vault, tenant, id)).toEqual(notFound)
})

test('one of another tenant, of an account or past its time looks as if there were none', async () => {
  const { vault, tenant, overview, id } = await open()
  const stranger = await addTenant(vault, 'stranger')
  expect(await show(vault, stranger, id)).toEqual(notFound)
  const account = await tokenizeAccount(vault, callerOf(tenant), { account: accountOf('000123456789') })
  if (!account.ok) throw new Error('a test could not tokenize an account')
  expect(await show(vault, tenant, account.value.token.id)).toEqual(notFound)
  vault.clock.advance((overview.token.expiresAt ?? 0) - vault.clock.now())
  expect(await show(vault, tenant, id)).toEqual(notFound)
})
