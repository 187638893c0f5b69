import { join } from 'node:path'
import type { Result } from '@cardkeep/core/kernel/result'
import { createTenant } from '@cardkeep/core/operations/administration/create-tenant'
import type { Tenant } from '@cardkeep/core/tenants/tenant'
import { openVault, type Vault, type VaultUse } from '@cardkeep/server/compose/open-vault'
import { readConfig } from '@cardkeep/server/config'

/** Opens the vault of a bench in its folder. A load of minutes holds more codes at a time than one tenant usually may. */
export const openBenchVault = (folder: string, use: VaultUse = 'command'): Promise<Vault> =>
  openVault(
    readConfig({
      CARDKEEP_DATA: join(folder, 'data'),
      CARDKEEP_PORT: '0',
      CARDKEEP_CODES_PER_TENANT: '10000000',
      CARDKEEP_DATABASE_URL: process.env['CARDKEEP_BENCH_DATABASE'],
      CARDKEEP_DATABASE_PASSWORD_FILE: process.env['CARDKEEP_BENCH_DATABASE_PASSWORD_FILE'],
      CARDKEEP_CODES_URL: process.env['CARDKEEP_BENCH_CODES'],
      CARDKEEP_ROOT_KEY: process.env['CARDKEEP_BENCH_ROOT_KEY'],
    }),
    use,
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
