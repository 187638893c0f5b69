import {
  type CredentialId,
  type DestinationId,
  type NetworkTokenId,
  parseId,
  type ScopeId,
  type SessionId,
  type TenantId,
  type TokenId,
} from '@cardkeep/core/kernel/ids'
import { epochMs } from '@cardkeep/core/kernel/time'
import type { KeyRecord, KeySet } from '@cardkeep/core/keys'

/*
 * A whole set of keys and what was sealed with it, computed outside this program: with the AES-GCM, HKDF, HMAC and Ed25519
 * of Python's `cryptography` and `hashlib`, from the layouts in INVARIANTS.md. Every key but the root key is one byte
 * repeated. If a constant here no longer opens, neither does any database in the field.
 */

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'))

const createdAt = epochMs(1767225600000)
const id = <Id extends NonNullable<ReturnType<typeof parseId>>>(text: string): Id => {
  const parsed = parseId<Id>(text)
  if (!parsed) throw new Error('not an id')
  return parsed
}

export const rootKey = hex('000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f')

export const scopeId: ScopeId = id('00000000-0000-4000-8000-000000000051')
export const tenantId: TenantId = id('00000000-0000-4000-8000-000000000052')
export const tokenId: TokenId = id('00000000-0000-4000-8000-000000000053')
export const sessionId: SessionId = id('00000000-0000-4000-8000-000000000054')
export const credentialId: CredentialId = id('00000000-0000-4000-8000-000000000055')
export const destinationId: DestinationId = id('00000000-0000-4000-8000-000000000056')

export const networkTokenId: NetworkTokenId = id('00000000-0000-4000-8000-000000000057')

export const records: readonly KeyRecord[] = [
  {
    id: id('00000000-0000-4000-8000-000000000001'),
    purpose: 'credential',
    owner: { type: 'vault', id: '' },
    environment: undefined,
    algorithm: 'HMAC-SHA-256',
    version: 1,
    state: 'active',
    createdAt,
    expiresAt: epochMs(1830297600000),
    checkValue: '0933c6587f28',
    wrapped: hex(
      '01a0a1a2a3a4a5a6a70000000112a27605557149f0e29190184bac2f83f5350c41eea8896b85ce41b41e1c3f4e557423b46d158896308de1655f0bb6b1',
    ),
    publicKey: undefined,
    reservedSeals: 0,
  },
  {
    id: id('00000000-0000-4000-8000-000000000002'),
    purpose: 'audit',
    owner: { type: 'vault', id: '' },
    environment: undefined,
    algorithm: 'Ed25519',
    version: 1,
    state: 'active',
    createdAt,
    expiresAt: epochMs(1798761600000),
    checkValue: 'fa2d8991ab80',
    wrapped: hex(
      '01a0a1a2a3a4a5a6a700000002e6bea780a65404843ad10251e5f9c24c5ed953a7571ffda3894433f8cec5f1db778cbed14d9dfc6f756a5c2b1bcc550a29a8535d6e8251aa25b19e8a1f00131b',
    ),
    publicKey: hex(
      '302a300506032b6570032100a09aa5f47a6759802ff955f8dc2d2a14a5c99d23be97f864127ff9383455a4f0',
    ),
    reservedSeals: 0,
  },
  {
    id: id('00000000-0000-4000-8000-000000000003'),
    purpose: 'code',
    owner: { type: 'vault', id: '' },
    environment: undefined,
    algorithm: 'HMAC-SHA-256',
    version: 1,
    state: 'active',
    createdAt,
    expiresAt: epochMs(1798761600000),
    checkValue: '473bcbcae203',
    wrapped: hex(
      '01a0a1a2a3a4a5a6a7000000032e31839dd4cf7ab458510748c147bbf119da21aa3b0091a57d072902a89bc640ca4a61c08e3f8a221a4edf0486fe7661',
    ),
    publicKey: undefined,
    reservedSeals: 0,
  },
  {
    id: id('00000000-0000-4000-8000-000000000004'),
    purpose: 'card',
    owner: { type: 'scope', id: '00000000-0000-4000-8000-000000000051' },
    environment: 'live',
    algorithm: 'AES-256-GCM',
    version: 1,
    state: 'decrypt-only',
    createdAt,
    expiresAt: epochMs(1798761600000),
    checkValue: '7a8db5f123b8',
    wrapped: hex(
      '01a0a1a2a3a4a5a6a7000000045a8d1cccedc9423a72256b295ea414068746f3222278c2d3e919b93a1bff29454610565de05a25ec8efc751420b00caf',
    ),
    publicKey: undefined,
    reservedSeals: 0,
  },
  {
    id: id('00000000-0000-4000-8000-000000000005'),
    purpose: 'card',
    owner: { type: 'scope', id: '00000000-0000-4000-8000-000000000051' },
    environment: 'live',
    algorithm: 'AES-256-GCM',
    version: 2,
    state: 'active',
    createdAt,
    expiresAt: epochMs(1798761600000),
    checkValue: 'a903af378662',
    wrapped: hex(
      '01a0a1a2a3a4a5a6a70000000511cb9e9cd42b50ea524e1c6cbf4b05f04d8f5b619ebe73739a09222279372abe6716ef176b136e8b3d4ad5fad9d7b256',
    ),
    publicKey: undefined,
    reservedSeals: 0,
  },
  {
    id: id('00000000-0000-4000-8000-000000000006'),
    purpose: 'fingerprint',
    owner: { type: 'scope', id: '00000000-0000-4000-8000-000000000051' },
    environment: 'live',
    algorithm: 'HMAC-SHA-256',
    version: 1,
    state: 'active',
    createdAt,
    expiresAt: epochMs(1830297600000),
    checkValue: '7f18557381ac',
    wrapped: hex(
      '01a0a1a2a3a4a5a6a7000000062254ab7e86e060f35ffc476a815ab0335ee3930e37de01d8c0dcb4b801b4a819664a39c9d2a700bbf2bb008445cbb1ac',
    ),
    publicKey: undefined,
    reservedSeals: 0,
  },
  {
    id: id('00000000-0000-4000-8000-000000000007'),
    purpose: 'code',
    owner: { type: 'scope', id: '00000000-0000-4000-8000-000000000051' },
    environment: 'live',
    algorithm: 'AES-256-GCM',
    version: 1,
    state: 'active',
    createdAt,
    expiresAt: epochMs(1775001600000),
    checkValue: 'b337926d52ec',
    wrapped: hex(
      '01a0a1a2a3a4a5a6a7000000074fa7cb23b5d9abe6a0f9f8d5a4fdab7a51838291b2d895a3378780f3d966dfee6e528a7e0d6468c3cff2d3e54877a68b',
    ),
    publicKey: undefined,
    reservedSeals: 0,
  },
  {
    id: id('00000000-0000-4000-8000-000000000008'),
    purpose: 'client-tls',
    owner: { type: 'tenant', id: '00000000-0000-4000-8000-000000000052' },
    environment: 'live',
    algorithm: 'AES-256-GCM',
    version: 1,
    state: 'active',
    createdAt,
    expiresAt: epochMs(1798761600000),
    checkValue: '209e2e79fc58',
    wrapped: hex(
      '01a0a1a2a3a4a5a6a700000008f7af8cc0a8d9b9ccf46ce92f4623008e27a811b527fbf36148cb8e4e19d768237251b18672771e8ea2c4ddd244960772',
    ),
    publicKey: undefined,
    reservedSeals: 0,
  },
]

export const keySet: KeySet = {
  counter: 7,
  sealedDigest: hex(
    '01a0a1a2a3a4a5a6a700000009ea3792c587091d441a3ae0da914002098605eaca0f5c65811276806a1d2c3160e2590add25d81f88f8b98bac9b203b95',
  ),
}

/** Visa 4111…1111, 12/2030 with a year of four digits, first name Ada, under each version of the card key. */
export const sealedCards = [
  hex(
    '010100000001a0a1a2a3a4a5a6a70000000aea9c41c19613908889781b78b150609d924025bb505bfec9ff2901b5ff2a28a0e7061277d4428b4b70ff9fdd50758ed304ab81eeab312e863fd4e6ed63',
  ),
  hex(
    '010100000002a0a1a2a3a4a5a6a70000000bd5dca183687ebea96c6484d71b696950eca41834128fb8717aec6e5382442a13f1d37612f4c851164d0eb3bd67828c6df3539202e4b72cb2baca4f5598',
  ),
]
/** The same card with the whole name Ada Lovelace in the place of a first one, under the second version of the card key. */
export const sealedCardOfFullName = hex(
  '010100000002a0a1a2a3a4a5a6a70000001427df77a983cdad6dcc5c5eabcc8c59b217c2104268c87c5d23727dcc447c216a8ce277dd978622bdfcc18963c7b00de4e45cf095c68659fdd54d4000bf81f91694d1a756c67b9ad5f88a9f',
)
/** Account 000123456789 of the bank 110000000, checking, first name Ada, under the second version of the card key. */
export const sealedAccount = hex(
  '010100000002a0a1a2a3a4a5a6a700000013a0471580762ba986d5092edea0b2a8711353701c90f6aa13ea1c84a439dfe95df41a974f2741d24d1c964924dbfa502e2778e7ccd58fcc85bff5a1ea9d0e538e70627629ab3e0c338212c4',
)
/** 9999000000000018, 04/2033 and an account reference, under the second version of the card key and this id. */
export const sealedNetworkToken = hex(
  '010100000002a0a1a2a3a4a5a6a70000001546dbf62943dea355069211c0589c235b195b8a727eabac92881fe91e40abf54e5425e639b6177b6d949d2929d6ad8a89b27c4467344eaa632a47951b1d918284b2029c1b0e7bf90f0630f51430007da5',
)
/** The code 123, for the session. */
export const sealedCode = hex('010100000001a0a1a2a3a4a5a6a70000000cc52c283e483d8886078f68ea04d9dc0b578a7d')
export const sealedPem = hex(
  '010200000001a0a1a2a3a4a5a6a70000000dde4d13d3311e87d7076447555b669512c4fae4fcf44103c1b7376ca1fa0c8d42892e3e9f',
)
export const pem = 'a private key in PEM'
export const fingerprint = '1295a9d7d2837efac192f88594e772f6a59dd3bee7d4c4781e0caed489a5d622'
export const accountFingerprint = 'dfa27a2ff701e780322dcc12c0b50b0348f2ad5053315e27ebc2e71d7e755775'
export const sessionName = '914cd584281edf035282ebec1aeed2ec'
export const nameByToken = '8d5a7097da92299b3337a7f89753dc01'
export const tokenName = '22effbb773e7d75e3cef4929254daa74'
export const credentialSecret = 'a secret of thirty-two characters'
export const credentialHash = 'd8cca9b9bc3abcef2ad34bfa5b2b98bb061ee25171d5e94d857b087af3b25c2b'
/** Of the head 9, hash `ab` 32 times, at the time of the keys. */
export const checkpointSignature = hex(
  'de8c380387c26f220a1652b1e36727f440af5815c900ec72b981097a868d51943905096adb7189758ceacaf64508d0d38ef0063715cbb17dd342d6ce2e946600',
)
