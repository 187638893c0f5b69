import type { Refusal } from '@cardkeep/core/errors'
import type { AccessKey } from '@cardkeep/core/issuing/issuer'
import type { CredentialId } from '@cardkeep/core/kernel/ids'
import type { Result } from '@cardkeep/core/kernel/result'
import type { Secret } from '@cardkeep/core/kernel/secret'
import type { Visitor } from '@cardkeep/core/operations/caller'
import type { Clock, Store } from '@cardkeep/core/ports'
import type { Credential, Permission } from '@cardkeep/core/tenants/tenant'
import type { AccessKeySealer } from '../keys/access-key-sealer.ts'
import { createExchange } from './exchange-token.ts'
import { createTokenReader } from './read-token.ts'

export interface TokenWish {
  readonly clientId: string
  readonly clientSecret: Secret<string>
  /** Whose cards the token reaches; `undefined`: it names no account. */
  readonly accountId: number | undefined
  /** Of those that were asked for; `undefined`: nobody asked. */
  readonly scopes: readonly string[] | undefined
}

export interface GrantedToken {
  readonly token: Secret<string>
  readonly lifetimeSeconds: number
  readonly scopes: readonly string[]
}

/** Whom an access token stands for. */
export interface TokenBearer {
  readonly credential: Credential
  readonly accountId: number | undefined
  /** Of its credential's what its scope leaves. */
  readonly permissions: readonly Permission[]
}

/** Why a token is no good is told to nobody; the log hears which credential it was for, where that is certain. */
export interface BadToken {
  readonly credential: Credential | undefined
}

/** Exchanges a client's credential for an access token of an hour, and reads such tokens. */
export interface Passport {
  exchange(visitor: Visitor, wish: TokenWish): Promise<Result<GrantedToken, Refusal>>
  /** Whose a token is that is good now: one of an issuer's own, or of somebody whose tokens an operator trusts. */
  read(token: Secret<string>): Promise<Result<TokenBearer, BadToken>>
  /** A JSON Web Key Set (RFC 7517): what verifies the tokens of all issuers here. */
  publicKeys(): Promise<{ readonly keys: readonly object[] }>
}

export interface PassportPorts {
  readonly store: Pick<
    Store,
    'accessKey' | 'accessKeys' | 'trustedIssuer' | 'credential' | 'tenant' | 'commit'
  >
  readonly sealer: AccessKeySealer
  readonly clock: Pick<Clock, 'now'>
  /** Proves a client, with the lock-outs and the log of every credential. */
  readonly prove: (
    visitor: Visitor,
    client: { readonly id: CredentialId | undefined; readonly secret: Secret<string> },
  ) => Promise<Result<Credential, Refusal>>
}

export const createPassport = (ports: PassportPorts): Passport => ({
  exchange: createExchange(ports),
  read: createTokenReader(ports),
  publicKeys: async () => ({ keys: (await ports.store.accessKeys(undefined)).map(publicJwkOf) }),
})

const publicJwkOf = ({ publicJwk }: AccessKey): object => JSON.parse(publicJwk) as object
