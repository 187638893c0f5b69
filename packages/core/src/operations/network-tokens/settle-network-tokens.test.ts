import { createProviderDouble } from '@cardkeep/testing/doubles/network-tokens'
import { addTenant, openTestVault, type TestVault } from '@cardkeep/testing/doubles/vault'
import { afterEach, expect, test } from 'vitest'
import type { Change } from '../../changes.ts'
import type { NetworkTokenId, TokenId } from '../../kernel/ids.ts'
import type { NetworkToken } from '../../network-tokens/network-token.ts'
import { settleNetworkTokens } from './settle-network-tokens.ts'

const opened: TestVault[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map((vault) => vault.close()))
})

const open = async () => {
  const vault = await openTestVault()
  opened.push(vault)
  const [trial, live] = [
    await addTenant(vault, 'trial', { environment: 'test' }),
    await addTenant(vault, 'shop'),
  ]
  const provider = createProviderDouble()
  const ports = { store: vault.store, networkTokens: provider.providers }

  /** Of tokens that are gone, so that nothing is left of one that is settled. */
  const addEnded = async (count: number, tenant = trial): Promise<readonly NetworkTokenId[]> => {
    const made = Array.from({ length: count }, (): NetworkToken => {
      const [id, tokenId] = [vault.ids.uuid() as NetworkTokenId, vault.ids.uuid() as TokenId]
      vault.clock.advance(1)
      return {
        ...{ id, tokenId, scopeId: tenant.defaultScopeId, status: 'active', sealed: Uint8Array.of(1) },
        ...{ createdAt: vault.clock.now(), updatedAt: vault.clock.now(), isSettled: false },
      }
    })
    for (const networkToken of made) {
      const changes: Change[] = [
        { type: 'put-network-token', networkToken },
        { type: 'end-network-tokens', tokenId: networkToken.tokenId, at: networkToken.createdAt },
      ]
      if (!(await vault.store.commit(changes)).ok) throw new Error('in conflict')
    }
    return made.map(({ id }) => id)
  }
  const left = async () => (await vault.store.unsettledNetworkTokens(10_000)).map(({ id }) => id)
  return { vault, trial, live, provider, ports, addEnded, left }
}

test('a provider is told of each end once, and nothing is left to be told', async () => {
  const { ports, provider, addEnded, left } = await open()
  const ended = await addEnded(3)
  expect(await settleNetworkTokens(ports)).toBe(3)
  expect(provider.heard).toEqual(ended.map((id) => `end ${id}`))
  expect(await left()).toEqual([])
  expect(await settleNetworkTokens(ports)).toBe(0)
  expect(provider.heard).toHaveLength(3)
})

test('all are told in one round, however many there are', async () => {
  const { ports, addEnded, left } = await open()
  await addEnded(450)
  expect(await settleNetworkTokens(ports)).toBe(450)
  expect(await left()).toEqual([])
})

test('it is written down after its provider was told and not before', async () => {
  const { ports, provider, addEnded, left } = await open()
  const [id] = await addEnded(1)
  const seen: unknown[] = []
  provider.before = async () => void seen.push(await left())
  await settleNetworkTokens(ports)
  expect(seen).toEqual([[id]])
})

test('one that fails stops none of the others, is noticed, and is told again until it works', async () => {
  const { ports, provider, addEnded, left } = await open()
  const ended = await addEnded(5)
  const [stuck] = ended
  provider.before = (_, id) => {
    if (id === stuck) throw new Error('a text that names what it was asked')
  }
  for (let round = 0; round < 2; round++) {
    await expect(settleNetworkTokens(ports)).rejects.toThrow(
      /^1 ended network tokens could not be told to their provider$/,
    )
    expect(await left()).toEqual([stuck])
  }
  provider.before = () => undefined
  expect(await settleNetworkTokens(ports)).toBe(1)
  expect(await left()).toEqual([])
})

test('more that fail than are looked at together stand in no other one’s way', async () => {
  const { ports, provider, addEnded, left } = await open()
  const stuck = new Set(await addEnded(250))
  await addEnded(3)
  provider.before = (_, id) => {
    if (stuck.has(id)) throw new Error('not now')
  }
  await expect(settleNetworkTokens(ports)).rejects.toThrow('250 ended')
  expect(await left()).toEqual([...stuck])
  expect(provider.heard).toHaveLength(253)
})

test('one whose provider there is no more stays, without a failure, until there is one', async () => {
  const { ports, provider, live, addEnded, left } = await open()
  const orphans = await addEnded(2, live)
  await addEnded(1)
  const networkTokens = (environment: string) => (environment === 'test' ? provider : undefined)
  expect(await settleNetworkTokens({ ...ports, networkTokens })).toBe(1)
  expect(await left()).toEqual(orphans)
  expect(await settleNetworkTokens(ports)).toBe(2)
})

test('two nodes may do it at once', async () => {
  const { ports, provider, addEnded, left } = await open()
  const ended = await addEnded(20)
  await Promise.all([settleNetworkTokens(ports), settleNetworkTokens(ports)])
  expect(await left()).toEqual([])
  expect([...provider.states.keys()].toSorted()).toEqual([...ended].toSorted())
})
