import { join } from 'node:path'
import type { IssuedCardId } from '@cardkeep/core/kernel/ids'
import { epochMs, hourMs } from '@cardkeep/core/kernel/time'
import { type CreateIssuedCard, createIssuedCard } from '@cardkeep/core/operations/issuing/create-issued-card'
import type { Clock } from '@cardkeep/core/ports'
import { randomDraws, randomIds, systemClock } from '@cardkeep/server/clock'
import { openVault } from '@cardkeep/server/compose/open-vault'
import { readConfig } from '@cardkeep/server/config'
import { createMemoryTries } from '@cardkeep/server/ephemeral/memory/memory-tries'
import { createCvvDeriver } from '@cardkeep/server/keys/cvv-deriver'
import { createIssuedCardCipher } from '@cardkeep/server/keys/issued-card-cipher'
import { inParallel } from './clean-disk.ts'
import type { Enabled } from './pismo-scenario.ts'
import type { GroundPlace } from './rows.ts'

export interface Past {
  readonly hoursAgo: number
  readonly cards: number
  readonly intervalHours: number
  readonly accountId?: number
}

let names = 0

/**
 * Cards that were made hours ago, with rotations that nobody has served since: by the operation that makes every card, with
 * a clock that is behind. Beside a vault that runs, or before one does. Answers their ids.
 */
export const makeCardsInThePast = async (
  { folder, options: { settings } }: GroundPlace,
  { tenantId, keys }: Pick<Enabled, 'tenantId' | 'keys'>,
  { hoursAgo, cards, intervalHours, accountId = 1 }: Past,
): Promise<readonly number[]> => {
  const vault = await openVault(readConfig({ CARDKEEP_DATA: join(folder, 'data'), ...settings }))
  try {
    const { store, keyring } = vault
    const behind: Clock = {
      now: () => epochMs(systemClock.now() - hoursAgo * hourMs),
      monotonic: systemClock.monotonic,
    }
    const tenant = (await store.tenants()).find(({ id }) => id === tenantId)
    const credential = (await store.credentials(tenant?.id)).find(({ id }) => id === keys.credential_id)
    if (!tenant || !credential) throw new Error('there is no such issuer')
    const ports = {
      store,
      issuedCards: createIssuedCardCipher(keyring),
      cvvs: createCvvDeriver(keyring),
      draws: randomDraws,
      pendingTries: createMemoryTries(),
      clock: behind,
      ids: randomIds,
      readiness: { isSealed: () => false },
    }
    const permissions = ['issue'] as const
    const principal = { tenant, credentialId: credential.id, permissions, accountId }
    const caller = { principal, requestId: randomIds.uuid(), origin: '127.0.0.1' }
    return await inParallel(cards, async () => {
      const made = await createIssuedCard(ports, caller, cardOf(intervalHours))
      if (!made.ok) throw new Error(`a card was not made: ${made.error.type}`)
      const { id }: { readonly id: IssuedCardId } = made.value.card
      return id
    })
  } finally {
    await vault.close()
  }
}

const cardOf = (rotationHours: number): CreateIssuedCard => ({
  customerId: 1,
  name: `past card ${++names}`,
  printedName: 'JANE HOLDER',
  rotationHours,
  contactless: true,
  accountUpdater: false,
  transactionLimit: undefined,
  metadata: undefined,
})
