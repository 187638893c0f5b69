import { parseExpiry } from '@cardkeep/core/cards/expiry'
import { parsePan } from '@cardkeep/core/cards/pan'
import type { Change } from '@cardkeep/core/changes'
import type { FingerprintId, TokenId } from '@cardkeep/core/kernel/ids'
import { Secret } from '@cardkeep/core/kernel/secret'
import type { Tenant } from '@cardkeep/core/tenants/tenant'
import type { CardToken } from '@cardkeep/core/tokens/token'
import type { Vault } from '@cardkeep/server/compose/open-vault'
import { createCardCipher } from '@cardkeep/server/keys/card-cipher'
import { loadCard } from '@cardkeep/testing/canary/cards'
import { needs } from './vault.ts'

/** No number comes twice, because a scope has one fingerprint of each. */
let nextCard = 0

/** Writes tokens straight into the store, as `tokenizeCard` would have: sealed, hashed, durable. Answers their ids. */
export const makeTokens = async (
  { store, keyring, clock, ids }: Vault,
  tenant: Tenant,
  count: number,
  fields: Partial<Pick<CardToken, 'status' | 'expiresAt'>> = {},
): Promise<readonly TokenId[]> => {
  const cipher = createCardCipher(keyring)
  const place = { scopeId: tenant.defaultScopeId, environment: tenant.environment }
  const expiry = needs(parseExpiry('12', '2030'))
  const made: TokenId[] = []

  const makeOne = async (number: string): Promise<void> => {
    const card = {
      type: 'card',
      pan: needs(parsePan(new Secret(number))),
      expiry,
      holder: undefined,
    } as const
    const [hash] = await cipher.fingerprints(place, card)
    if (!hash) throw new Error('a scope without a fingerprint key')
    const id = ids.uuid() as TokenId
    const fingerprint = {
      ...hash,
      scopeId: place.scopeId,
      id: ids.uuid() as FingerprintId,
      analyticsUntil: undefined,
    }
    const at = clock.now()
    const token: CardToken = {
      type: 'card',
      id,
      scopeId: place.scopeId,
      tenantId: tenant.id,
      version: 1,
      status: 'active',
      test: false,
      unique: false,
      fingerprint,
      scheme: 'visa',
      mask: { bin: number.slice(0, 6), last4: number.slice(-4), length: number.length },
      sealed: await cipher.seal({ ...place, tokenId: id }, card),
      createdAt: at,
      updatedAt: at,
      expiresAt: undefined,
      endsWithCard: false,
      invalidatedAt: undefined,
      ...fields,
    }
    const changes: Change[] = [
      { type: 'put-fingerprint', fingerprint },
      { type: 'put-token', token },
    ]
    needs(await store.commit(changes))
    made.push(id)
  }

  const atATime = 256
  for (let left = count; left > 0; left -= atATime)
    await Promise.all(Array.from({ length: Math.min(atATime, left) }, () => makeOne(loadCard(nextCard++))))
  return made
}
