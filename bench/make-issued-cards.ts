import type { Change } from '@cardkeep/core/changes'
import { numberOf } from '@cardkeep/core/issuing/card-number'
import { cardHashOf, idsPerMs, issuedCardIdOf } from '@cardkeep/core/issuing/issued-card'
import { usualIssuerSettings } from '@cardkeep/core/issuing/issuer'
import { drawableServiceCodes, type ServiceCode } from '@cardkeep/core/issuing/service-code'
import type { IssuedCardId } from '@cardkeep/core/kernel/ids'
import { openSecret } from '@cardkeep/core/kernel/secret'
import { dayMs, type EpochMs, epochMs } from '@cardkeep/core/kernel/time'
import { addIssuerBin, enableIssuer } from '@cardkeep/core/operations/issuing/change-issuer'
import type { IssuedCardCipher, RotatingCard } from '@cardkeep/core/ports'
import type { Tenant } from '@cardkeep/core/tenants/tenant'
import type { Vault } from '@cardkeep/server/compose/open-vault'
import { createIssuedCardCipher } from '@cardkeep/server/keys/issued-card-cipher'
import { benchOperator, needs } from './vault.ts'

const bin = '400000'
const intervalMs = dayMs
const cardsPerCommit = idsPerMs
export const benchAccount = 12_345_678

/** Makes the tenant an issuer that may make numbers, unless an earlier process did. */
export const needsIssuer = async ({ store, operatorPorts }: Vault, tenant: Tenant): Promise<void> => {
  if (await store.issuer(tenant.id)) return
  const wish = { settings: usualIssuerSettings, cvk: 'generate' } as const
  needs(await enableIssuer(operatorPorts, benchOperator, tenant, wish))
  needs(await addIssuerBin(operatorPorts, benchOperator, tenant, bin))
}

export interface IssuedCardsWish {
  readonly count: number
  /** No number comes twice: how many an earlier call made. */
  readonly after: number
  /** When each CVV is to rotate; `undefined`: when it is forced. */
  readonly nextAt: EpochMs | undefined
}

/** Writes cards straight into the store, as `createIssuedCard` would have: sealed, hashed, durable. */
export const makeIssuedCards = async (
  { store, keyring, clock, ids }: Vault,
  tenant: Tenant,
  { count, after, nextAt }: IssuedCardsWish,
): Promise<readonly RotatingCard[]> => {
  const cipher = createIssuedCardCipher(keyring)
  const made: RotatingCard[] = []
  while (made.length < count) {
    const first = after + made.length
    // A commit takes some milliseconds, so that no two have the same.
    const at = clock.now()
    const size = Math.min(cardsPerCommit, count - made.length)
    const cards = await Promise.all(
      Array.from({ length: size }, (_, place) =>
        sealCard(cipher, tenant, {
          id: issuedCardIdOf(at, place),
          account: first + place,
          uuid: ids.uuid(),
          serviceCode: someServiceCode(first + place),
          nextAt,
          at,
        }),
      ),
    )
    needs(await store.commit(cards.map((card): Change => ({ type: 'put-issued-card', ...card }))))
    made.push(...cards)
  }
  return made
}

const someServiceCode = (index: number): ServiceCode => {
  const code = drawableServiceCodes[index % drawableServiceCodes.length]
  if (!code) throw new Error('there is no service code to draw')
  return code
}

const sealCard = async (
  cipher: IssuedCardCipher,
  tenant: Tenant,
  card: {
    readonly id: IssuedCardId
    readonly account: number
    readonly uuid: string
    readonly serviceCode: ServiceCode
    readonly nextAt: EpochMs | undefined
    readonly at: EpochMs
  },
): Promise<RotatingCard> => {
  const { id, account, uuid, serviceCode, nextAt, at } = card
  const place = { id, tenantId: tenant.id }
  const pan = numberOf(bin, account)
  const [numberHash] = await cipher.numberHashes(tenant.id, pan)
  if (!numberHash) throw new Error('an issuer without a key for its numbers')
  const lastAt = nextAt === undefined ? at : epochMs(nextAt - intervalMs)
  return {
    card: {
      id,
      tenantId: tenant.id,
      hash: cardHashOf(id, uuid),
      accountId: benchAccount,
      customerId: 1 + account,
      status: 'NORMAL',
      name: 'bench',
      printedName: 'BENCH CARD',
      last4: openSecret(pan, 'mask').slice(-4),
      numberHash,
      sealedNumber: await cipher.sealNumber(place, pan),
      expiryMonth: 12,
      expiryYear: 2035,
      contactless: true,
      accountUpdater: false,
      transactionLimit: undefined,
      metadata: undefined,
      createdAt: lastAt,
      updatedAt: lastAt,
      version: 1,
    },
    rotation: {
      cardId: id,
      tenantId: tenant.id,
      sealedServiceCode: await cipher.sealServiceCode(place, serviceCode),
      serial: 0,
      schedule: {
        intervalMs: nextAt === undefined ? undefined : intervalMs,
        nextAt,
        lastScheduledAt: nextAt === undefined ? undefined : lastAt,
        lastRotatedAt: lastAt,
      },
      dueAt: nextAt,
      previous: undefined,
      version: 1,
    },
  }
}
