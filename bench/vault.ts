import { join } from 'node:path'
import type { Result } from '@cardkeep/core/kernel/result'
import { createTenant } from '@cardkeep/core/operations/create-tenant'
import type { Tenant } from '@cardkeep/core/tenants/tenant'
import { openVault, type Vault } from '@cardkeep/server/compose/open-vault'
import { readConfig } from '@cardkeep/server/config'

/** Opens the vault of a bench in its folder. A load of minutes holds more codes at a time than one tenant usually may. */
export const openBenchVault = (
  folder: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<Vault> =>
  openVault(
    readConfig({
      CARDKEEP_DATA: join(folder, 'data'),
      CARDKEEP_PORT: '0',
      CARDKEEP_CODES_PER_TENANT: '10000000',
      ...settings,
    }),
  )

export const benchOperator = { name: 'bench' }

/** The one live tenant of a bench, which an earlier process may have made. */
export const needsTenant = async ({ store, operatorPorts }: Vault): Promise<Tenant> =>
  (await store.tenantNamed('bench')) ??
  needs(
    await createTenant(operatorPorts, benchOperator, {
      name: 'bench',
      environment: 'live',
      deduplicates: false,
    }),
  )

export const needs = <T>(result: Result<T, unknown>): T => {
  if (!result.ok) throw new Error('the bench could not set up its tenant')
  return result.value
}
