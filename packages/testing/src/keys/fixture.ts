import type { BankAccount } from '@cardkeep/core/accounts/account'
import { parseAccountNumber } from '@cardkeep/core/accounts/account-number'
import { parseRoutingNumber } from '@cardkeep/core/accounts/routing-number'
import type { Card } from '@cardkeep/core/cards/card'
import { parsePan } from '@cardkeep/core/cards/pan'
import { type KeyId, parseId, type ScopeId, type TenantId, type TokenId } from '@cardkeep/core/kernel/ids'
import { openSecret, Secret } from '@cardkeep/core/kernel/secret'
import type { KeyOwner } from '@cardkeep/core/keys'
import type { Clock, Ids, NewKeyOwner } from '@cardkeep/core/ports'
import type { Environment } from '@cardkeep/core/tenants/tenant'
import type { Instrument } from '@cardkeep/core/tokens/instrument'
import type { CardPlace } from '@cardkeep/core/tokens/place'
import { createKeyring, type Keyring } from '@cardkeep/server/keys/keyring'
import { createMemoryKeyStore, type MemoryKeyStore } from './memory-key-store.ts'
import { createMemoryRootKey, type MemoryRootKey } from './memory-root-key.ts'

/** A place that is on no list, so that two places are never alike by chance. */
export const placeAt = (scope: number, token: number, environment: Environment = 'live'): CardPlace => ({
  scopeId: idAt<ScopeId>('5c', scope),
  tokenId: idAt<TokenId>('70', token),
  environment,
})

export const tenantAt = (tenant: number): TenantId => idAt<TenantId>('7e', tenant)

/** Of a key that no fixture makes. */
export const keyIdAt = (key: number): KeyId => idAt<KeyId>('ee', key)

export const scopeOwner = ({ scopeId }: CardPlace): KeyOwner => ({ type: 'scope', id: scopeId })

export const cardOf = (number: string, holder?: Card['holder']): Card => {
  const pan = parsePan(new Secret(number))
  if (!pan.ok) throw new Error('a test names a number that is none')
  return { type: 'card', pan: pan.value, expiry: { month: 12, year: 2030, yearDigits: 4 }, holder }
}

export const accountOf = (
  number: string,
  parts: Partial<Pick<BankAccount, 'accountType' | 'holder'>> & { readonly routing?: string } = {},
): BankAccount => {
  const { routing = '110000000', accountType, holder } = parts
  const accountNumber = parseAccountNumber(new Secret(number))
  const routingNumber = parseRoutingNumber(routing)
  if (!accountNumber.ok || !routingNumber.ok) throw new Error('a test names an account that is none')
  return {
    type: 'bank',
    accountNumber: accountNumber.value,
    routingNumber: routingNumber.value,
    accountType,
    holder,
  }
}

export const numberOf = (instrument: Instrument): string =>
  instrument.type === 'card'
    ? openSecret(instrument.pan, 'check')
    : openSecret(instrument.accountNumber, 'check')

export interface KeyFixture {
  readonly store: MemoryKeyStore
  readonly provider: MemoryRootKey
  readonly keyring: Keyring
  /** Another process on the same database. */
  readonly another: () => Promise<Keyring>
}

/** A keyring with keys of its own for the vault and for each of these owners. */
export const createKeyFixture = async (
  ports: { readonly clock: Clock; readonly ids: Ids },
  owners: readonly KeyOwner[] = [],
  environment: Environment = 'live',
  roles: NewKeyOwner['roles'] = [],
): Promise<KeyFixture> => {
  const store = createMemoryKeyStore()
  const provider = createMemoryRootKey()
  const another = () => createKeyring({ ...ports, store, provider })
  const keyring = await another()
  await addOwners(store, keyring, owners, environment, roles)
  return { store, provider, keyring, another }
}

export const addOwners = async (
  store: MemoryKeyStore,
  keyring: Keyring,
  owners: readonly KeyOwner[],
  environment: Environment = 'live',
  roles: NewKeyOwner['roles'] = [],
): Promise<void> => {
  const prepared = await keyring.keysFor(owners.map((owner) => ({ owner, environment, roles })))
  if (!(await store.commit(prepared.changes)).ok) throw new Error('the keys of a test are in conflict')
  await prepared.committed()
}

const idAt = <Id extends NonNullable<ReturnType<typeof parseId>>>(kind: string, at: number): Id => {
  const id = parseId<Id>(`${kind.padStart(8, '0')}-0000-4000-8000-${at.toString(16).padStart(12, '0')}`)
  if (!id) throw new Error('not an id')
  return id
}
