import type { Clock, Store } from '../../ports.ts'
import { isIdle, unusedSince } from '../../tenants/credential-use.ts'

type Ports = { readonly store: Store; readonly clock: Clock }

/** Disables what nobody has used for ninety days (PCI DSS 8.2.6), with an entry each. Answers how many. */
export const disableIdleCredentials = async ({ store, clock }: Ports): Promise<number> => {
  const at = clock.now()
  let disabled = 0
  for (const credential of await store.credentials(undefined)) {
    if (!isIdle(credential, at)) continue
    const { id, tenantId } = credential
    // One that is used at this very moment is in conflict, and stays.
    const committed = await store.commit([
      { type: 'disable-credential', id, at, unusedSince: unusedSince(credential) },
      {
        type: 'audit',
        entry: {
          at,
          action: 'credential.disabled',
          outcome: 'success',
          tenantId,
          actor: { type: 'vault', id: undefined },
          origin: undefined,
          requestId: undefined,
          subject: { type: 'credential', id },
          details: { reason: 'not used for 90 days' },
        },
      },
    ])
    if (committed.ok) disabled++
  }
  return disabled
}
