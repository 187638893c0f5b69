import type { Change } from '@cardkeep/core/changes'
import type { TenantId } from '@cardkeep/core/kernel/ids'
import { type MonotonicMs, secondMs } from '@cardkeep/core/kernel/time'
import type { Clock, Store } from '@cardkeep/core/ports'
import { hotChanges } from './hot-changes.ts'
import { rememberBins } from './remembered-bins.ts'
import { createStandings } from './standings.ts'

/** A store that remembers what every request asks for and only operators change. */
export interface Directory {
  readonly store: Store
  /** Another process changed the database: whatever is remembered may be wrong. */
  forget(): void
  /** At that time nobody had changed what is remembered, or it was forgotten. */
  lookedAt(at: MonotonicMs): void
}

/**
 * Somebody looks at the database several times a second. Where it has not been seen for so long, it may have been changed:
 * a credential that was revoked meanwhile must not be good for as long as the database is away.
 */
const goodForMs = 5 * secondMs

/**
 * Of tokens only their standing is remembered, one by one; forgetting everything for each of them would be to remember
 * nothing.
 */
const isUnrelated = ({ type }: Change): boolean =>
  hotChanges.has(type) || type === 'replace-token' || type === 'erase-token'

/**
 * Tenants, scopes, links, credentials, capture keys, origins, destinations, and what issuers have are few and change seldom, but each request
 * reads some. What is not found is not remembered: callers could fill the memory with names that do not exist.
 */
export const createDirectory = (store: Store, clock: Pick<Clock, 'monotonic'>): Directory => {
  const caches = new Set<Map<string, unknown>>()
  const standings = createStandings(store.standing)
  const bins = rememberBins(store.bin)
  let generation = 0
  let lookedAt = clock.monotonic()
  const isCurrent = (): boolean => clock.monotonic() - lookedAt <= goodForMs
  const forget = (): void => {
    generation++
    for (const cache of caches) cache.clear()
    standings.forget()
    bins.forget()
  }

  const remember = <Key extends string, Value>(
    read: (key: Key) => Promise<Value | undefined>,
  ): ((key: Key) => Promise<Value | undefined>) => {
    const cache = new Map<string, Value>()
    caches.add(cache)
    return async (key) => {
      const known = cache.get(key)
      if (known !== undefined && isCurrent()) return known
      const begunIn = generation
      const value = await read(key)
      // What was read before something changed may be what it was before.
      if (value !== undefined && begunIn === generation) cache.set(key, value)
      return value
    }
  }

  const destinations = remember(store.destinations)
  const origins = remember(async (owner: TenantId | 'everyone') =>
    store.origins(owner === 'everyone' ? undefined : owner),
  )
  const issuerBins = remember(async (owner: TenantId | 'everyone') =>
    store.issuerBins(owner === 'everyone' ? undefined : owner),
  )
  const accessKeys = remember(async (owner: TenantId | 'everyone') =>
    store.accessKeys(owner === 'everyone' ? undefined : owner),
  )
  const trustedIssuer = remember((pair: string) => {
    const [issuer = '', audience = ''] = JSON.parse(pair) as readonly string[]
    return store.trustedIssuer({ issuer, audience })
  })
  const links = remember(async (pair: string) => {
    const [scopeId, tenantId] = pair.split(' ')
    const isLinked = await store.isLinked(...([scopeId, tenantId] as Parameters<Store['isLinked']>))
    return isLinked || undefined
  })

  return {
    forget,
    lookedAt: (at) => {
      lookedAt = at
    },
    store: {
      ...store,
      commit: async (changes) => {
        standings.touched(changes)
        const result = await store.commit(changes)
        standings.touched(changes)
        if (!changes.every(isUnrelated)) forget()
        return result
      },
      bin: (prefixes) => (isCurrent() ? bins.bin(prefixes) : store.bin(prefixes)),
      standing: (id) => (isCurrent() ? standings.standing(id) : store.standing(id)),
      tenant: remember(store.tenant),
      scope: remember(store.scope),
      credential: remember(store.credential),
      captureKey: remember(store.captureKey),
      issuer: remember(store.issuer),
      issuerBins: async (tenantId) => (await issuerBins(tenantId ?? 'everyone')) ?? [],
      accessKey: remember(store.accessKey),
      accessKeys: async (tenantId) => (await accessKeys(tenantId ?? 'everyone')) ?? [],
      trustedIssuer: ({ issuer, audience }) => trustedIssuer(JSON.stringify([issuer, audience])),
      destinations: async (tenantId) => (await destinations(tenantId)) ?? [],
      origins: async (tenantId) => (await origins(tenantId ?? 'everyone')) ?? [],
      isLinked: async (scopeId, tenantId) => (await links(`${scopeId} ${tenantId}`)) ?? false,
    },
  }
}
