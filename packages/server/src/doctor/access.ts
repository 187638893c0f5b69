import { X509Certificate } from 'node:crypto'
import { dayMs } from '@cardkeep/core/kernel/time'
import { idleLimitMs, isGood, unusedSince } from '@cardkeep/core/tenants/credential-use'
import type { Vault } from '../compose/open-vault.ts'
import type { Finding } from './finding.ts'

/** Who may come in, and what the vault shows where it goes. */
export const examineAccess = async (vault: Vault): Promise<readonly Finding[]> => [
  await examineCredentials(vault),
  await examineDestinations(vault),
]

const noticeMs = 30 * dayMs

const examineCredentials = async ({ store, clock }: Vault): Promise<Finding> => {
  const now = clock.now()
  const all = await store.credentials(undefined)
  const good = all.filter((credential) => isGood(credential, now))
  const idle = good.filter((credential) => now - unusedSince(credential) > idleLimitMs - noticeMs)
  const disabled = all.filter(
    ({ disabledAt, revokedAt }) => disabledAt !== undefined && revokedAt === undefined,
  )
  const detail =
    `${good.length} in use, ${disabled.length} disabled after 90 days without use` +
    (idle.length > 0 ? `; to be disabled within 30 days: ${idle.map(({ id }) => id).join(', ')}` : '')
  return { check: 'credentials', status: idle.length > 0 ? 'warn' : 'ok', detail }
}

const examineDestinations = async ({ store, clock }: Vault): Promise<Finding> => {
  const tenants = await store.tenants()
  const destinations = (await Promise.all(tenants.map(({ id }) => store.destinations(id)))).flat()
  const ending = destinations.filter(({ client }) => {
    if (!client) return false
    return Date.parse(new X509Certificate(client.certificate).validTo) - clock.now() < noticeMs
  })
  return ending.length === 0
    ? {
        check: 'destinations',
        status: 'ok',
        detail: `${destinations.length}, no client certificate ends soon`,
      }
    : {
        check: 'destinations',
        status: 'warn',
        detail: `client certificates end within 30 days: ${ending.map(({ id }) => id).join(', ')}`,
      }
}
