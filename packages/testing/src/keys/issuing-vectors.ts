import { createSecretKey } from 'node:crypto'
import type { IssuedCardId } from '@cardkeep/core/kernel/ids'
import type { KeyPurpose } from '@cardkeep/core/keys'
import type { KeySource } from '@cardkeep/server/keys/use-keys'
import { createCountingIds, createFixedClock } from '../clock.ts'
import { createKeyFixture, tenantAt } from './fixture.ts'

/*
 * What an issuer's keys sealed, computed outside this program as `vectors.ts` says. The key is one byte repeated. If a
 * constant here no longer opens, neither does any issued card in the field.
 */

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'))

export const place = { tenantId: tenantAt(1), id: 4_096_000_000_007 as IssuedCardId } as const

/** 4242 4242 4242 4242 */
export const sealedNumber = hex(
  '010100000001b0b1b2b3b4b5b6b7b8b9babbc12f0b937831a26836a48b9115efaa7ae3c1448ad1ec19ad447262b00b151d88',
)
/** 042 */
export const sealedServiceCode = hex(
  '010100000001b0b1b2b3b4b5b6b7b8b9babbb5f505646f340bac146175712f7e95574f7d57',
)
/** Of the same number, in hexadecimal digits. */
export const numberHash = '6591f2c1d2bb7a216c3e2eb8efed3116f28ec0077f71bc690bfe76fc56f8e2ee'

/** The pair that most published CVVs are made under, as the keys and as the component of `ada`. */
export const sealedPair = hex(
  '010200000001b0b1b2b3b4b5b6b7b8b9babb713c6faf6faea2d90ca6c58f8eb694d97ee1449b839fdde5fec8b382cb822851',
)
export const sealedComponent = hex(
  '010200000001b0b1b2b3b4b5b6b7b8b9babb713c6faf6faea2d90ca6c58f8eb694d917c603fc2dac04ca8c6287024821b78e',
)

/** A keyring whose keys for this purpose are the key of the vectors. */
export const openVectorKeys = async (purpose: KeyPurpose): Promise<KeySource> => {
  const owner = { type: 'tenant', id: place.tenantId } as const
  const ports = { clock: createFixedClock(), ids: createCountingIds() }
  const { keyring } = await createKeyFixture(ports, [owner], 'live', ['issuer'])
  const record = keyring.find(purpose, owner)?.active?.record
  if (!record) throw new Error(`a test found no ${purpose} key`)
  const loaded = { record, key: createSecretKey(Buffer.alloc(32, 7)), seals: undefined }
  return { ...keyring, find: () => ({ active: loaded, usable: [loaded] }) }
}
