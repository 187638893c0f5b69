import type { Destination } from '@cardkeep/core/destinations/destination'
import type { DestinationId, TenantId } from '@cardkeep/core/kernel/ids'
import { epochMs } from '@cardkeep/core/kernel/time'
import type { Provider } from './provider.ts'

/** A place on an allow-list: any path and method, public authorities, no private addresses. */
export const makeDestination = (origin: string, fields: Partial<Destination> = {}): Destination => ({
  id: '00000000-0000-4000-8000-00000000d001' as DestinationId,
  tenantId: '00000000-0000-4000-8000-00000000a001' as TenantId,
  origin,
  pathPrefix: undefined,
  methods: [],
  ca: undefined,
  client: undefined,
  headers: [],
  allowPrivate: false,
  createdAt: epochMs(0),
  ...fields,
})

/** The place of a provider of this machine: its own authority, private addresses allowed. */
export const destinationOf = (provider: Provider, fields: Partial<Destination> = {}): Destination =>
  makeDestination(provider.origin, { ca: provider.caPem, allowPrivate: true, ...fields })
