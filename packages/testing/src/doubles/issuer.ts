import { numberOf } from '@cardkeep/core/issuing/card-number'
import { issuedCardIdOf } from '@cardkeep/core/issuing/issued-card'
import {
  type IssuerSettings,
  isReady,
  type ReadyIssuer,
  usualIssuerSettings,
} from '@cardkeep/core/issuing/issuer'
import { asServiceCode } from '@cardkeep/core/issuing/service-code'
import type { CardHashId } from '@cardkeep/core/kernel/ids'
import { openSecret } from '@cardkeep/core/kernel/secret'
import { type EpochMs, epochMs, hourMs } from '@cardkeep/core/kernel/time'
import { enableIssuer } from '@cardkeep/core/operations/issuing/change-issuer'
import type { RotatingCard, Store } from '@cardkeep/core/ports'
import { addTenant, type TestVault, testOperator } from './vault.ts'

/** Makes a test tenant that issues cards, with keys that nobody knows. */
export const addIssuer = async (
  vault: Pick<TestVault, 'clock' | 'ids' | 'keyring' | 'cvks' | 'accessKeys'> & { readonly store: Store },
  name: string,
  settings: Partial<IssuerSettings> = {},
): Promise<ReadyIssuer> => {
  const { store, clock, ids, keyring, cvks, accessKeys } = vault
  const tenant = await addTenant(vault, name, { environment: 'test' })
  const ports = { store, clock, ids, keys: keyring, cvks, accessKeys }
  const wish = { settings: { ...usualIssuerSettings, ...settings }, cvk: 'generate' } as const
  const made = await enableIssuer(ports, testOperator, tenant, wish)
  if (!made.ok || !isReady(made.value)) throw new Error(`a test could not make the issuer ${name}`)
  return made.value
}

export interface IssuedCardsWish {
  readonly count: number
  /** No number of an issuer comes twice: how many it has. */
  readonly after?: number
  readonly hours: number
  /** When the first rotation is due. */
  readonly nextAt: EpochMs
  readonly parts?: Partial<RotatingCard['card']>
}

/** Writes cards straight into the store, sealed and all with service code 333. */
export const addIssuedCards = async (
  {
    store,
    issuedCards,
    ids,
    clock,
  }: Pick<TestVault, 'issuedCards' | 'ids' | 'clock'> & { readonly store: Pick<Store, 'commit'> },
  { tenantId }: Pick<ReadyIssuer, 'tenantId'>,
  { count, after = 0, hours, nextAt, parts = {} }: IssuedCardsWish,
): Promise<readonly RotatingCard[]> => {
  const madeAt = epochMs(nextAt - hours * hourMs)
  const cards = await Promise.all(
    Array.from({ length: count }, async (_, index): Promise<RotatingCard> => {
      const account = after + index
      const hash = ids.uuid() as CardHashId
      // Those of different issuers differ too: ids are counted by the vault.
      const id = issuedCardIdOf(clock.now(), Number.parseInt(hash.slice(-8), 16))
      const pan = numberOf('400000', account)
      const [numberHash] = await issuedCards.numberHashes(tenantId, pan)
      if (!numberHash) throw new Error('a test issuer has no key for its numbers')
      return {
        card: {
          ...{ id, tenantId, hash, numberHash },
          ...{
            accountId: 1,
            customerId: 1 + account,
            status: 'NORMAL',
            name: 'card',
            printedName: 'JANE HOLDER',
          },
          last4: openSecret(pan, 'mask').slice(-4),
          sealedNumber: await issuedCards.sealNumber({ id, tenantId }, pan),
          ...{ expiryMonth: 12, expiryYear: 2035, contactless: true, accountUpdater: false },
          ...{ transactionLimit: undefined, metadata: undefined },
          ...{ createdAt: madeAt, updatedAt: madeAt, version: 1 },
          ...parts,
        },
        rotation: {
          cardId: id,
          tenantId,
          sealedServiceCode: await issuedCards.sealServiceCode({ id, tenantId }, asServiceCode('333')),
          serial: 0,
          schedule: {
            intervalMs: hours * hourMs,
            nextAt,
            lastScheduledAt: madeAt,
            lastRotatedAt: madeAt,
          },
          dueAt: nextAt,
          previous: undefined,
          version: 1,
        },
      }
    }),
  )
  const made = await store.commit(cards.map((card) => ({ type: 'put-issued-card', ...card })))
  if (!made.ok) throw new Error('test cards could not be written')
  return cards
}
