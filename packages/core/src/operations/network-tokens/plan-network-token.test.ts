import { testCards } from '@cardkeep/testing/canary/cards'
import { createProviderDouble } from '@cardkeep/testing/doubles/network-tokens'
import { addToken } from '@cardkeep/testing/doubles/token'
import { addTenant, callerOf, openTestVault, type TestVault } from '@cardkeep/testing/doubles/vault'
import { cardOf } from '@cardkeep/testing/keys/fixture'
import { afterEach, describe, expect, test } from 'vitest'
import type { Change } from '../../changes.ts'
import { UnavailableError } from '../../errors.ts'
import type { ScopeId } from '../../kernel/ids.ts'
import { refuse } from '../../kernel/result.ts'
import { openSecret } from '../../kernel/secret.ts'
import { epochMs } from '../../kernel/time.ts'
import type { NetworkTokenAction, NetworkTokenSettings } from '../../network-tokens/network-token.ts'
import type { Permission } from '../../tenants/tenant.ts'
import type { CardToken } from '../../tokens/token.ts'
import { type NetworkTokenPorts, planNetworkToken, showNetworkToken } from './plan-network-token.ts'

const opened: TestVault[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map((vault) => vault.close()))
})

const whole: NetworkTokenSettings = { networkToken: true, accountReference: true, requestor: 'merchant' }

const open = async (settings: NetworkTokenSettings | undefined = whole) => {
  const vault = await openTestVault()
  opened.push(vault)
  const tenant = await addTenant(vault, 'shop', { environment: 'test' })
  const setSettings = async (next: NetworkTokenSettings | undefined): Promise<void> => {
    const change = { type: 'set-network-tokens', scopeId: tenant.defaultScopeId, settings: next } as const
    if (!(await vault.store.commit([change])).ok) throw new Error('not set')
  }
  await setSettings(settings)
  const { token } = await addToken(vault, tenant, { code: undefined })
  const provider = createProviderDouble()
  const ports: NetworkTokenPorts = { ...vault, networkTokens: provider.providers }
  const card = cardOf(testCards.visa)
  const plan = (
    action: NetworkTokenAction,
    parts: Partial<NetworkTokenPorts> & { isRelinked?: true; of?: Partial<CardToken> } = {},
  ) => {
    const { isRelinked = false, of = {}, ...others } = parts
    const wish = { token: { ...token, ...of }, card, action, at: vault.clock.now(), isRelinked }
    return planNetworkToken({ ...ports, ...others }, wish)
  }
  const need = async (...wish: Parameters<typeof plan>) => {
    const planned = await plan(...wish)
    if (!planned.ok) throw new Error(`refused: ${planned.error.type}`)
    return planned.value
  }
  const act = async (...wish: Parameters<typeof plan>) => {
    const planned = await need(...wish)
    vault.clock.advance(1)
    if (!(await vault.store.commit(planned.changes)).ok) throw new Error('in conflict')
    return planned
  }
  const show = (as: { permissions?: readonly Permission[]; of?: Partial<CardToken> } = {}) => {
    const { permissions = ['tokenize'], of = {} } = as
    const caller = { principal: { ...callerOf(tenant).principal, permissions } }
    return showNetworkToken(vault, caller, { ...token, ...of }, vault.clock.now())
  }
  const stored = () => vault.store.networkToken(token.id)
  return { vault, tenant, token, provider, setSettings, plan, need, act, show, stored }
}

const refusedFor = (reason: 'scope without network tokens' | 'no provider' | 'no network token') =>
  refuse({ type: 'NetworkTokenRefused', reason })

/** With its number in clear, which no comparison of secrets sees. */
const clear = (shown: Awaited<ReturnType<typeof showNetworkToken>>) =>
  shown && {
    ...shown,
    issued: shown.issued && {
      ...shown.issued,
      number: shown.issued.number && openSecret(shown.issued.number, 'check'),
    },
  }

describe('a token without a network token', () => {
  test('gets one, under an id of the vault that its provider knew before the commit', async () => {
    const { provider, need, stored, vault, show } = await open()
    const planned = await need('activate')
    const [id] = provider.states.keys()
    expect(provider.heard).toEqual([`issue ${id}`])
    expect(await stored()).toBeUndefined()
    await vault.store.commit(planned.changes)
    expect(await stored()).toMatchObject({ id, status: 'active', isSettled: false })
    expect(planned.told).toBe('network-token.activated')
    expect(planned.details).toEqual({ provider: 'double' })
    expect(clear(await show())).toEqual(clear(planned.shown))
    expect(clear(planned.shown)).toMatchObject({ status: 'active', issued: { number: '9999000000000001' } })
  })

  test('is shown with none', async () => {
    expect(await (await open()).show()).toBeUndefined()
  })

  test.each(['suspend', 'delete'] as const)('has none to %s', async (action) => {
    const { plan, provider } = await open()
    expect(await plan(action)).toEqual(refusedFor('no network token'))
    expect(provider.heard).toEqual([])
  })
})

test.each(['activate', 'suspend', 'delete'] as const)(
  'in a scope that asks nothing of card schemes, %s is refused for that',
  async (action) => {
    const { plan, provider, setSettings } = await open()
    await setSettings(undefined)
    expect(await plan(action)).toEqual(refusedFor('scope without network tokens'))
    expect(provider.heard).toEqual([])
  },
)

test.each(['activate', 'suspend', 'delete'] as const)(
  'where nobody issues any, %s is refused for that',
  async (action) => {
    const { plan } = await open()
    expect(await plan(action, { networkTokens: () => undefined })).toEqual(refusedFor('no provider'))
  },
)

describe('a network token', () => {
  test('that is active stays so, and nobody is told', async () => {
    const { provider, act, show } = await open()
    const first = await act('activate')
    const again = await act('activate')
    expect(again).toMatchObject({ changes: [], told: undefined })
    expect(clear(again.shown)).toEqual(clear(first.shown))
    expect(provider.heard).toHaveLength(1)
    await again.undo()
    expect(provider.heard).toHaveLength(1)
    expect(await show()).toMatchObject({ status: 'active' })
  })

  test('is suspended and resumed, as often as is asked, and is the same one', async () => {
    const { provider, act, show, stored } = await open()
    await act('activate')
    const before = clear(await show())
    const id = (await stored())?.id
    for (let time = 0; time < 2; time++) {
      const suspended = await act('suspend')
      expect(suspended.told).toBe('network-token.suspended')
      expect(await show()).toMatchObject({ status: 'suspended' })
      expect(suspended.shown).toEqual({ status: 'suspended', issued: undefined })
      expect(await act('suspend')).toMatchObject({ changes: [], told: undefined })
      expect([...provider.states]).toEqual([[id, 'suspended']])
      const resumed = await act('activate')
      expect(resumed.told).toBe('network-token.activated')
      expect(clear(resumed.shown)).toEqual(before)
      expect([...provider.states]).toEqual([[id, 'active']])
    }
    expect(clear(await show())).toEqual(before)
    expect(provider.heard.filter((line) => line.startsWith('issue'))).toHaveLength(1)
  })

  test.each(['activate', 'suspend'] as const)(
    'is deleted from what %s made of it; its provider hears of it later, and nothing of it is left',
    async (action) => {
      const { provider, act, show, stored, vault } = await open()
      await act('activate')
      await act(action)
      const { heard } = provider
      const before = heard.length
      const deleted = await act('delete')
      expect(deleted).toMatchObject({ told: 'network-token.deleted', details: { provider: 'double' } })
      expect(deleted.shown).toEqual({ status: 'deleted', issued: undefined })
      expect(await show()).toEqual(deleted.shown)
      expect(heard).toHaveLength(before)
      expect(await stored()).toMatchObject({ status: 'deleted', sealed: new Uint8Array(), isSettled: false })
      expect(await vault.store.unsettledNetworkTokens(10)).toHaveLength(1)
    },
  )

  test('that was deleted can be followed by another, and by nothing else', async () => {
    const { provider, plan, act, show } = await open()
    await act('activate')
    await act('delete')
    expect(await plan('suspend')).toEqual(refusedFor('no network token'))
    // Whoever did not hear that it is deleted asks again.
    expect(await plan('delete')).toMatchObject({
      value: { changes: [], shown: { status: 'deleted', issued: undefined }, told: undefined },
    })
    await act('activate')
    expect(provider.states.size).toBe(2)
    expect(await show()).toMatchObject({ status: 'active', issued: { accountReference: expect.any(String) } })
  })

  test('opens under its own id only', async () => {
    const { act, stored, token, vault } = await open()
    await act('activate')
    const networkToken = await stored()
    if (!networkToken) throw new Error('none')
    const place = {
      id: networkToken.id,
      tokenId: token.id,
      scopeId: token.scopeId,
      environment: 'test',
    } as const
    expect(await vault.networkTokenCipher.open(place, networkToken.sealed)).toMatchObject({
      accountReference: expect.any(String),
    })
    await expect(
      vault.networkTokenCipher.open({ ...place, id: place.tokenId as never }, networkToken.sealed),
    ).rejects.toThrow('belong elsewhere')
  })
})

describe('what of it is shown', () => {
  test.each([
    [['tokenize'], true],
    [['detokenize'], true],
    [['forward', 'tokenize'], true],
    [['forward'], false],
    [[], false],
  ] as const)('to whom it may %j is more than its status: %s', async (permissions, isWhole) => {
    const { act, show } = await open()
    await act('activate')
    const shown = await show({ permissions })
    expect(shown?.status).toBe('active')
    expect(shown?.issued !== undefined).toBe(isWhole)
    await act('delete')
    expect(await show({ permissions })).toEqual({ status: 'deleted', issued: undefined })
  })

  test.each([
    ['suspended', { status: 'suspended' }],
    ['invalidated', { invalidatedAt: epochMs(1) }],
    ['at its end', { expiresAt: epochMs(1) }],
  ] as const)(
    'is its status alone while its token is %s, also where it is issued or resumed then',
    async (_, of) => {
      const { act, show } = await open()
      const alone = { status: 'active', issued: undefined }
      expect((await act('activate', { of })).shown).toEqual(alone)
      expect((await act('activate', { of })).shown).toEqual(alone)
      expect(await show({ of })).toEqual(alone)
      await act('suspend')
      expect((await act('activate', { of })).shown).toEqual(alone)
      expect((await show())?.issued?.number).toBeDefined()
    },
  )

  test('is its status alone where the vault is the requestor', async () => {
    const { act, show } = await open({ ...whole, requestor: 'vault' })
    for (const [action, status] of [
      ['activate', 'active'],
      ['suspend', 'suspended'],
      ['activate', 'active'],
      ['delete', 'deleted'],
    ] as const) {
      const { shown } = await act(action)
      expect(shown).toEqual({ status, issued: undefined })
      expect(await show()).toEqual(shown)
    }
  })

  test('is its status also once the scope asks for none any more, and no number', async () => {
    const { act, show, setSettings } = await open()
    await act('activate')
    await setSettings(undefined)
    expect(await show()).toEqual({ status: 'active', issued: undefined })
  })

  test.each([
    { networkToken: true, accountReference: false },
    { networkToken: false, accountReference: true },
  ])('is what the scope asked for: %o', async (asked) => {
    const { act, show } = await open({ ...asked, requestor: 'merchant' })
    await act('activate')
    const { issued } = (await show()) ?? {}
    expect(issued?.number !== undefined).toBe(asked.networkToken)
    expect(issued?.accountReference !== undefined).toBe(asked.accountReference)
  })
})

describe('one whose scope asks for none any more', () => {
  test.each(['suspend', 'delete'] as const)('can still be stopped: %s', async (action) => {
    const { act, show, setSettings } = await open()
    await act('activate')
    await setSettings(undefined)
    await act(action)
    expect(await show()).toMatchObject({ status: action === 'delete' ? 'deleted' : 'suspended' })
  })

  test('is not resumed', async () => {
    const { act, plan, setSettings } = await open()
    await act('activate')
    await act('suspend')
    await setSettings(undefined)
    expect(await plan('activate')).toEqual(refusedFor('scope without network tokens'))
  })

  test('can be deleted where its provider is gone too, and not suspended', async () => {
    const { act, plan, setSettings, show } = await open()
    await act('activate')
    await setSettings(undefined)
    expect(await plan('suspend', { networkTokens: () => undefined })).toEqual(refusedFor('no provider'))
    const deleted = await act('delete', { networkTokens: () => undefined })
    expect(deleted.details).toEqual({})
    expect(await show()).toMatchObject({ status: 'deleted' })
  })
})

describe('where the commit fails', () => {
  test('what was issued is ended', async () => {
    const { need, provider } = await open()
    const planned = await need('activate')
    await planned.undo()
    expect([...provider.states.values()]).toEqual(['ended'])
  })

  test.each([
    ['suspend', 'active'],
    ['activate', 'suspended'],
  ] as const)('%s is taken back', async (action, state) => {
    const { act, need, provider } = await open()
    await act('activate')
    if (action === 'activate') await act('suspend')
    await (await need(action)).undo()
    expect([...provider.states.values()]).toEqual([state])
  })

  test('because another was first with the same, its provider is left with what that one wrote', async () => {
    const { act, need, vault, provider } = await open()
    await act('activate')
    await act('suspend')
    const [winner, loser] = [await need('activate'), await need('activate')]
    expect((await vault.store.commit(winner.changes)).ok).toBe(true)
    expect((await vault.store.commit(loser.changes)).ok).toBe(false)
    await loser.undo()
    expect([...provider.states.values()]).toEqual(['active'])
  })

  test('because another had one issued first, the second is ended and the first stays', async () => {
    const { need, vault, provider, stored } = await open()
    const [winner, loser] = [await need('activate'), await need('activate')]
    expect((await vault.store.commit(winner.changes)).ok).toBe(true)
    expect((await vault.store.commit(loser.changes)).ok).toBe(false)
    await loser.undo()
    expect([...provider.states.values()]).toEqual(['active', 'ended'])
    const networkToken = await stored()
    expect(networkToken && provider.states.get(networkToken.id)).toBe('active')
  })

  test('and the store cannot be asked, what was written before counts', async () => {
    const { act, need, vault, provider, token } = await open()
    await act('activate')
    let isAway = false
    const store: NetworkTokenPorts['store'] = {
      scope: vault.store.scope,
      networkToken: async (id) => {
        if (isAway) throw new UnavailableError('away')
        return vault.store.networkToken(id)
      },
    }
    const suspended = await need('suspend', { store })
    isAway = true
    await suspended.undo()
    expect([...provider.states.values()]).toEqual(['active'])
    isAway = false
    await vault.store.commit([{ type: 'end-network-tokens', tokenId: token.id, at: vault.clock.now() }])
    const issued = await need('activate', { store })
    isAway = true
    await issued.undo()
    expect([...provider.states.values()]).toEqual(['active', 'ended'])
  })

  test('because it had ended meanwhile, its provider is told of that end', async () => {
    const { act, need, vault, provider, token } = await open()
    await act('activate')
    const suspended = await need('suspend')
    await vault.store.commit([{ type: 'end-network-tokens', tokenId: token.id, at: vault.clock.now() }])
    expect((await vault.store.commit(suspended.changes)).ok).toBe(false)
    await suspended.undo()
    expect([...provider.states.values()]).toEqual(['ended'])
  })
})

describe('a provider that fails', () => {
  test.each([
    ['and did nothing', false],
    ['after it had done it', true],
  ])('to issue one %s leaves none', async (_, isDone) => {
    const { plan, provider, stored } = await open()
    provider.failing = { step: 'issue', isDone }
    await expect(plan('activate')).rejects.toThrow('the scheme does not answer')
    expect([...provider.states.values()]).toEqual(['ended'])
    expect(await stored()).toBeUndefined()
  })

  test('to suspend one, though it did, is told that it is active', async () => {
    const { act, plan, provider } = await open()
    await act('activate')
    provider.failing = { step: 'suspend', isDone: true }
    await expect(plan('suspend')).rejects.toThrow('the scheme does not answer')
    expect([...provider.states.values()]).toEqual(['active'])
  })

  test('twice is told on as it failed first', async () => {
    const { plan, provider } = await open()
    provider.failing = { step: 'issue', isDone: true }
    provider.before = (step) => {
      if (step === 'end') throw new Error('nor now')
    }
    await expect(plan('activate')).rejects.toThrow('the scheme does not answer')
  })

  test('to seal what it gave out, because its scope has no keys, leaves none', async () => {
    const { plan, provider, vault } = await open()
    const seal = () => Promise.reject(new Error('no key'))
    const networkTokenCipher = { ...vault.networkTokenCipher, seal }
    await expect(plan('activate', { networkTokenCipher })).rejects.toThrow('no key')
    expect([...provider.states.values()]).toEqual(['ended'])
  })
})

describe('of a token that stands for another card from now on', () => {
  const endOf = ({ vault, token }: Awaited<ReturnType<typeof open>>): Change => ({
    type: 'end-network-tokens',
    tokenId: token.id,
    at: vault.clock.now(),
  })

  test('the earlier one ends and another is issued, in one commit', async () => {
    const fixture = await open()
    const { act, need, vault, provider, stored } = fixture
    await act('activate')
    const first = (await stored())?.id
    const planned = await need('activate', { isRelinked: true })
    expect(await vault.store.commit([endOf(fixture), ...planned.changes])).toMatchObject({ ok: true })
    expect((await stored())?.id).not.toBe(first)
    expect(await stored()).toMatchObject({ status: 'active' })
    expect((await vault.store.unsettledNetworkTokens(10)).map(({ id }) => id)).toEqual([first])
    expect(provider.states.size).toBe(2)
  })

  test('there is nothing to suspend', async () => {
    const { act, plan, provider } = await open()
    await act('activate')
    expect(await plan('suspend', { isRelinked: true })).toEqual(refusedFor('no network token'))
    expect(provider.heard).toHaveLength(1)
  })

  test('a wish to delete the earlier one is what happens anyway', async () => {
    const fixture = await open()
    const { act, need, vault, stored } = fixture
    await act('activate')
    const planned = await need('delete', { isRelinked: true })
    expect(planned).toMatchObject({ shown: { status: 'deleted' }, told: undefined })
    expect(await vault.store.commit([endOf(fixture), ...planned.changes])).toMatchObject({ ok: true })
    expect(await stored()).toMatchObject({ status: 'deleted' })
  })
})

test('a token whose scope is not there is no token', async () => {
  const { vault, token } = await open()
  const scopeId = '00000000-0000-4000-8000-0000deadbeef' as ScopeId
  const wish = { token: { ...token, scopeId }, card: cardOf(testCards.visa), at: vault.clock.now() }
  await expect(planNetworkToken(vault, { ...wish, action: 'activate' })).rejects.toThrow('without its scope')
})
