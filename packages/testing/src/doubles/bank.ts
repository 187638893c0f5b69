import { createPrivateKey, type KeyObject, sign } from 'node:crypto'
import type { AccessKey } from '@cardkeep/core/issuing/issuer'
import type { CredentialId } from '@cardkeep/core/kernel/ids'
import type { Result } from '@cardkeep/core/kernel/result'
import { openSecret, Secret } from '@cardkeep/core/kernel/secret'
import { secondMs } from '@cardkeep/core/kernel/time'
import {
  createCredential,
  type NewCredential,
} from '@cardkeep/core/operations/administration/change-credentials'
import type { Tenant } from '@cardkeep/core/tenants/tenant'
import { mintCredential } from '@cardkeep/server/dialects/credentials'
import { createAccessKeySealer } from '@cardkeep/server/keys/access-key-sealer'
import type { Passport, TokenWish } from '@cardkeep/server/passport/passport'
import { addIssuer } from './issuer.ts'
import { openTestVault, type TestVault, testOperator } from './vault.ts'

/** What proves a client of an issuer. */
export interface Client {
  readonly id: CredentialId
  readonly secret: Secret<string>
}

/** An issuer with a client, and all that attacks on its access tokens need. */
export interface Bank {
  readonly vault: TestVault
  readonly tenant: Tenant
  readonly client: Client
  addBank(name: string): Promise<Tenant>
  addClient(tenant: Tenant, parts?: Partial<NewCredential>): Promise<Client>
  exchange(client: Client, parts?: Partial<TokenWish>): ReturnType<Passport['exchange']>
  tokenOf(client?: Client, parts?: Partial<TokenWish>): Promise<string>
  read(token: string): ReturnType<Passport['read']>
  /** The pair that signs now, of the bank unless told otherwise. */
  keyOf(tenant?: Tenant): Promise<AccessKey>
  /** Who has the vault's own private key can sign anything: what is left then is what the claims say. */
  privateKeyOf(key: AccessKey): Promise<KeyObject>
  nowSeconds(): number
  /** As the vault writes them. */
  goodHeader(): Promise<TokenPart>
  goodClaims(): TokenPart
  /** By the pair that signs now, with parts changed; `undefined` leaves one out. */
  signOwn(header?: TokenPart, claims?: TokenPart): Promise<string>
  /** What the log says since, without number and time. */
  entriesSince(seq: number): Promise<readonly unknown[][]>
}

export type TokenPart = Readonly<Record<string, unknown>>

export const visitor = { origin: '192.0.2.1', requestId: '00000000-0000-4000-8000-00000000f00d' }

export const spellPart = (part: unknown): string => Buffer.from(JSON.stringify(part)).toString('base64url')

export const signWith = (key: KeyObject, header: TokenPart, claims: TokenPart): string =>
  signText(key, `${spellPart(header)}.${spellPart(claims)}`)

export const signText = (key: KeyObject, content: string): string =>
  `${content}.${sign('sha256', Buffer.from(content), key).toString('base64url')}`

export const openBank = async (): Promise<Bank> => {
  const vault = await openTestVault()
  const addBank = async (name: string): Promise<Tenant> => {
    const { tenantId } = await addIssuer(vault, name)
    return needs(await vault.store.tenant(tenantId))
  }
  const addClient: Bank['addClient'] = async (of, parts = {}) => {
    const { id, secret } = mintCredential('pismo', of.environment, vault.ids)
    needsValue(
      await createCredential(vault, testOperator, of, {
        ...{ id, dialect: 'pismo', permissions: ['issue', 'show', 'verify'] },
        ...{ hash: vault.credentials.hash(secret, id), publicKey: undefined, expiresAt: undefined },
        ...parts,
      }),
    )
    return { id, secret }
  }
  const tenant = await addBank('bank')
  const client = await addClient(tenant)

  const exchange: Bank['exchange'] = ({ id, secret }, parts = {}) =>
    vault.passport.exchange(visitor, {
      ...{ clientId: id, clientSecret: secret, accountId: undefined, scopes: undefined },
      ...parts,
    })
  const keyOf = async (of: Tenant = tenant): Promise<AccessKey> =>
    needs((await vault.store.accessKeys(of.id)).findLast(({ retiredAt }) => retiredAt === undefined))
  const privateKeyOf = async (key: AccessKey): Promise<KeyObject> => {
    const pem = await createAccessKeySealer(vault.keyring).open(key, key.sealedPrivateKey)
    return createPrivateKey(openSecret(pem, 'load key'))
  }
  const nowSeconds = (): number => Math.floor(vault.clock.now() / secondMs)
  const goodHeader = async (): Promise<TokenPart> => ({ alg: 'RS256', typ: 'JWT', kid: (await keyOf()).id })
  const goodClaims = (): TokenPart => ({
    ...{ iss: 'cardkeep', aud: 'cardkeep:pismo', sub: client.id, tenant_id: `TN-${tenant.id}` },
    ...{ iat: nowSeconds(), exp: nowSeconds() + 3_600, scope: 'pismo-v1:cards:rw' },
  })

  return {
    ...{ vault, tenant, client, addBank, addClient, exchange },
    tokenOf: async (of = client, parts = {}) =>
      openSecret(needsValue(await exchange(of, parts)).token, 'hand out'),
    read: (token) => vault.passport.read(new Secret(token)),
    ...{ keyOf, privateKeyOf, nowSeconds, goodHeader, goodClaims },
    signOwn: async (header = {}, claims = {}) =>
      signWith(
        await privateKeyOf(await keyOf()),
        { ...(await goodHeader()), ...header },
        { ...goodClaims(), ...claims },
      ),
    entriesSince: async (seq) =>
      (await vault.store.auditEntries(seq, 50)).map(({ text }) => (JSON.parse(text) as unknown[]).slice(2)),
  }
}

const needs = <T>(value: T | undefined): T => {
  if (value === undefined) throw new Error('a test looked for what is not there')
  return value
}

const needsValue = <T>(result: Result<T, { readonly type: string }>): T => {
  if (!result.ok) throw new Error(result.error.type)
  return result.value
}
