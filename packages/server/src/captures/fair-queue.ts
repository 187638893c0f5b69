import type { TenantId } from '@cardkeep/core/kernel/ids'

export interface QueueLimits {
  /** Of one tenant, that wait or are being done. */
  readonly perTenant: number
  /** Of all of them. */
  readonly total: number
  /** Of a tenant, however many others there are. */
  readonly atLeast: number
}

/** What waits, by tenant: whoever has much of it waits for that alone. */
export interface FairQueue<T> {
  /** Takes a place, which it has until it leaves; `false`: there is none for its tenant. */
  enter(item: T): boolean
  leave(item: T): void
  /** Whose turn it is. The tenants take turns. */
  next(): T | undefined
  take(item: T): void
  /** It has been taken in vain, and is the next of its tenant. */
  putBack(item: T): void
  clear(): readonly T[]
}

export const createFairQueue = <T extends { readonly tenantId: TenantId }>({
  perTenant,
  total,
  atLeast,
}: QueueLimits): FairQueue<T> => {
  /** Of each tenant whatever waits; the tenant whose turn it is comes first. */
  const lines = new Map<TenantId, T[]>()
  const places = new Map<TenantId, number>()
  let taken = 0

  const remove = (item: T): void => {
    const line = lines.get(item.tenantId)
    const at = line?.indexOf(item) ?? -1
    if (!line || at < 0) return
    line.splice(at, 1)
    if (line.length === 0) lines.delete(item.tenantId)
  }

  const countPlaces = (tenantId: TenantId, more: 1 | -1): void => {
    taken += more
    const count = (places.get(tenantId) ?? 0) + more
    if (count === 0) places.delete(tenantId)
    else places.set(tenantId, count)
  }

  return {
    enter: (item) => {
      const count = places.get(item.tenantId) ?? 0
      if (count >= (taken < total ? perTenant : Math.min(atLeast, perTenant))) return false
      countPlaces(item.tenantId, 1)
      const line = lines.get(item.tenantId)
      if (line) line.push(item)
      else lines.set(item.tenantId, [item])
      return true
    },
    leave: (item) => {
      remove(item)
      countPlaces(item.tenantId, -1)
    },
    next: () => {
      const [first] = lines.values()
      return first?.[0]
    },
    take: (item) => {
      remove(item)
      const line = lines.get(item.tenantId)
      if (!line) return
      lines.delete(item.tenantId)
      lines.set(item.tenantId, line)
    },
    putBack: (item) => {
      const line = lines.get(item.tenantId)
      if (line) line.unshift(item)
      else lines.set(item.tenantId, [item])
    },
    clear: () => {
      const all = [...lines.values()].flat()
      lines.clear()
      return all
    },
  }
}
