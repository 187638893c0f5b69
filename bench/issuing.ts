import type { CredentialId, WebhookId } from '@cardkeep/core/kernel/ids'
import { openSecret } from '@cardkeep/core/kernel/secret'
import { dayMs, epochMs, minuteMs } from '@cardkeep/core/kernel/time'
import { createCredential } from '@cardkeep/core/operations/administration/change-credentials'
import { createWebhook } from '@cardkeep/core/operations/administration/change-webhooks'
import type { RotatingCard } from '@cardkeep/core/ports'
import type { Tenant } from '@cardkeep/core/tenants/tenant'
import type { Vault } from '@cardkeep/server/compose/open-vault'
import { mintCredential } from '@cardkeep/server/dialects/credentials'
import { createCvvDeriver } from '@cardkeep/server/keys/cvv-deriver'
import { createIssuedCardCipher } from '@cardkeep/server/keys/issued-card-cipher'
import { needsForm } from '@cardkeep/server/webhooks/forms/forms'
import { benchAccount, makeIssuedCards, needsIssuer } from './make-issued-cards.ts'
import { benchOperator, needs } from './vault.ts'

/** What an authorisation path knows of cards, and proves who it is by. */
export interface IssuedForLoad {
  readonly client: Readonly<Record<string, string>>
  readonly accountId: number
  readonly cards: readonly { readonly id: number; readonly cvv: string }[]
}

const cardsForLoad = 10_000

/** The largest issuer is a million cards. Fewer give a first impression in less time. */
export const dueCards = Number(process.env['CARDKEEP_BENCH_ISSUED_CARDS'] ?? 1_000_000)

/** Cards that have all been due for a minute, as after a maintenance, and a webhook that is told of each. */
export const fillDueCards = async (vault: Vault, tenant: Tenant): Promise<void> => {
  await needsIssuer(vault, tenant)
  await tellNobody(vault, tenant)
  const nextAt = epochMs(vault.clock.now() - minuteMs)
  const atATime = 10_000
  for (let after = 0; after < dueCards; after += atATime) {
    const count = Math.min(atATime, dueCards - after)
    await makeIssuedCards(vault, tenant, { count, after, nextAt })
  }
}

/** Its events are written and wait: what is measured is the rotations, and the outbox has a bench of its own. */
const tellNobody = async (vault: Vault, tenant: Tenant): Promise<void> => {
  const id = vault.ids.uuid() as WebhookId
  const place = { tenantId: tenant.id, id }
  needs(
    await createWebhook(vault.operatorPorts, benchOperator, tenant, {
      id,
      url: 'https://localhost:9/events',
      events: ['rotate_cvv'],
      form: 'standard',
      allowPrivate: true,
      ca: undefined,
      sealSecret: () => vault.webhookSecrets.seal(place, needsForm('standard').makeSecret()),
    }),
  )
  const health = { failures: 5, pausedUntil: epochMs(vault.clock.now() + dayMs) }
  needs(await vault.store.commit([{ type: 'set-webhook-health', id, health }]))
}

/** The vault with a store that counts what it rotates. */
export const countRotations = (
  vault: Vault,
): { readonly counted: Vault; readonly rotations: () => number } => {
  let count = 0
  const commit: Vault['store']['commit'] = async (changes) => {
    const committed = await vault.store.commit(changes)
    if (committed.ok) for (const { type } of changes) if (type === 'replace-rotation') count++
    return committed
  }
  return { counted: { ...vault, store: { ...vault.store, commit } }, rotations: () => count }
}

export const createIssuing = (vault: Vault, tenant: Tenant): Readonly<Record<string, () => unknown>> => ({
  'issued cards': async (): Promise<IssuedForLoad> => {
    await needsIssuer(vault, tenant)
    const made = await makeIssuedCards(vault, tenant, { count: cardsForLoad, after: 0, nextAt: undefined })
    return {
      client: await addClient(vault, tenant),
      accountId: benchAccount,
      cards: await deriveCvvs(vault, tenant, made),
    }
  },
})

const addClient = async (vault: Vault, tenant: Tenant): Promise<Readonly<Record<string, string>>> => {
  const minted = mintCredential('pismo', tenant.environment, vault.ids)
  const id: CredentialId = minted.id
  needs(
    await createCredential(vault.operatorPorts, benchOperator, tenant, {
      id,
      dialect: 'pismo',
      permissions: ['issue', 'show', 'verify'],
      hash: vault.credentials.hash(minted.secret, id),
      publicKey: minted.publicKey,
      expiresAt: undefined,
    }),
  )
  return minted.show((secret) => openSecret(secret, 'hand out'))
}

/** What a payer would type, so that each is right. */
const deriveCvvs = async (
  { store, keyring }: Vault,
  tenant: Tenant,
  made: readonly RotatingCard[],
): Promise<IssuedForLoad['cards']> => {
  const issuer = await store.issuer(tenant.id)
  const cvk = issuer?.cvk
  if (!issuer || !cvk) throw new Error('the bench has no issuer with keys')
  const cipher = createIssuedCardCipher(keyring)
  const inputs = await Promise.all(
    made.map(async ({ card, rotation }) => {
      const place = { id: card.id, tenantId: tenant.id }
      const pan = await cipher.openNumber(place, card.sealedNumber)
      const serviceCode = await cipher.openServiceCode(place, rotation.sealedServiceCode)
      return {
        pan: openSecret(pan, 'derive'),
        expiry: `${String(card.expiryYear).slice(2)}${String(card.expiryMonth).padStart(2, '0')}`,
        serviceCode: openSecret(serviceCode, 'derive'),
      }
    }),
  )
  const cvvs = await createCvvDeriver(keyring).derive({ tenantId: tenant.id, cvk }, inputs)
  return made.map(({ card }, place) => {
    const cvv = cvvs[place]
    if (!cvv) throw new Error('a card without a CVV')
    return { id: card.id, cvv: openSecret(cvv, 'reveal') }
  })
}
