import type { NetworkTokenId, ScopeId } from '../../kernel/ids.ts'
import type { NetworkToken } from '../../network-tokens/network-token.ts'
import type { NetworkTokenProvider, NetworkTokenProviders, Store } from '../../ports.ts'

type Ports = {
  readonly store: Pick<Store, 'unsettledNetworkTokens' | 'scope' | 'commit'>
  readonly networkTokens: NetworkTokenProviders
}

const batch = 200

/**
 * Tells providers of network tokens that have ended, and writes down that they know. One that cannot be told stops none of
 * the others and is told again the next time; one whose provider there is no more stays as it is. Several nodes may do it at
 * once: to be told twice changes nothing. Throws in the end if a provider failed, so that it is noticed.
 */
export const settleNetworkTokens = async ({ store, networkTokens }: Ports): Promise<number> => {
  /** What this round can do nothing about. They are the oldest, and listed first. */
  const left = new Set<NetworkTokenId>()
  let settled = 0
  let failed = 0

  const providerOf = async (scopeId: ScopeId): Promise<NetworkTokenProvider | undefined> => {
    const scope = await store.scope(scopeId)
    return scope && networkTokens(scope.environment)
  }

  const settle = async ({ id, scopeId }: NetworkToken): Promise<void> => {
    const provider = await providerOf(scopeId)
    if (provider && (await isTold(provider, id))) {
      await store.commit([{ type: 'settle-network-token', id }])
      settled++
    } else {
      left.add(id)
      if (provider) failed++
    }
  }

  for (;;) {
    const listed = await store.unsettledNetworkTokens(batch + left.size)
    const due = listed.filter(({ id }) => !left.has(id))
    for (const one of due) await settle(one)
    if (due.length < batch) break
  }
  // Nothing of what a provider said: it may name what it was asked about.
  if (failed > 0) throw new Error(`${failed} ended network tokens could not be told to their provider`)
  return settled
}

const isTold = async (provider: NetworkTokenProvider, id: NetworkTokenId): Promise<boolean> => {
  try {
    await provider.end(id)
    return true
  } catch {
    return false
  }
}
