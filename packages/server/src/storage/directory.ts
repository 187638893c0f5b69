import type { Change } from '@cardkeep/core/changes'
import type { Store } from '@cardkeep/core/ports'
import { createStandings } from './standings.ts'

/** A store that remembers what every request asks for and only operators change. */
export interface Directory {
  readonly store: Store
  /** Another process changed the database: whatever is remembered may be wrong. */
  forget(): void
}

/**
 * These touch nothing that is remembered here, or only what nobody asks the directory for, as when a credential was used
 * last. They come with every request or many times a second: forgetting for them would be to remember nothing.
 */
const unrelated: ReadonlySet<Change['type']> = new Set([
  'put-fingerprint',
  'put-token',
  'replace-token',
  'expect-token',
  'erase-token',
  'use-credential',
  'set-webhook-health',
  'emit-event',
  'settle-delivery',
  'delay-delivery',
  'give-up-delivery',
  'replay-delivery',
  'purge-dead-deliveries',
  'claim-idempotency',
  'settle-idempotency',
  'release-idempotency',
  'purge-idempotency',
  'put-bins',
  'use-bins',
  'audit',
  'put-checkpoint',
  'ship-audit',
  'archive-audit',
  'reserve-seals',
])

/**
 * Tenants, scopes, links, credentials and destinations are few and change seldom, but each request reads some. What is
 * not found is not remembered: callers could fill the memory with names that do not exist.
 */
export const createDirectory = (store: Store): Directory => {
  const caches = new Set<Map<string, unknown>>()
  const standings = createStandings(store.standing)
  let generation = 0
  const forget = (): void => {
    generation++
    for (const cache of caches) cache.clear()
    standings.forget()
  }

  const remember = <Key extends string, Value>(
    read: (key: Key) => Promise<Value | undefined>,
  ): ((key: Key) => Promise<Value | undefined>) => {
    const cache = new Map<string, Value>()
    caches.add(cache)
    return async (key) => {
      const known = cache.get(key)
      if (known !== undefined) return known
      const begunIn = generation
      const value = await read(key)
      // What was read before something changed may be what it was before.
      if (value !== undefined && begunIn === generation) cache.set(key, value)
      return value
    }
  }

  const destinations = remember(store.destinations)
  const links = remember(async (pair: string) => {
    const [scopeId, tenantId] = pair.split(' ')
    const isLinked = await store.isLinked(...([scopeId, tenantId] as Parameters<Store['isLinked']>))
    return isLinked || undefined
  })

  return {
    forget,
    store: {
      ...store,
      commit: async (changes) => {
        standings.touched(changes)
        const result = await store.commit(changes)
        standings.touched(changes)
        if (!changes.every(({ type }) => unrelated.has(type))) forget()
        return result
      },
      standing: standings.standing,
      tenant: remember(store.tenant),
      scope: remember(store.scope),
      credential: remember(store.credential),
      destinations: async (tenantId) => (await destinations(tenantId)) ?? [],
      isLinked: async (scopeId, tenantId) => (await links(`${scopeId} ${tenantId}`)) ?? false,
    },
  }
}
