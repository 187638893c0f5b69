import { dayMs } from '@cardkeep/core/kernel/time'
import type { Vault } from '../compose/open-vault.ts'
import type { Finding } from './finding.ts'

/** Issuers open and close ranges all the time. */
const staleMs = 180 * dayMs

export const examineBins = async ({ store, clock }: Vault): Promise<readonly Finding[]> => {
  const check = 'BIN table'
  const { count, at } = await store.binTable()
  if (at === undefined) return [{ check, status: 'ok', detail: 'none: nothing is said of issuers' }]
  const isStale = clock.now() - at > staleMs
  const detail = `${count} prefixes of ${new Date(at).toISOString().slice(0, 10)}`
  return [
    { check, status: isStale ? 'warn' : 'ok', detail: isStale ? `${detail}: import a newer one` : detail },
  ]
}
