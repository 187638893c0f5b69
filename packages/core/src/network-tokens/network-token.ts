import type { Expiry } from '../cards/expiry.ts'
import type { NetworkTokenId, ScopeId, TokenId } from '../kernel/ids.ts'
import type { Secret } from '../kernel/secret.ts'
import type { EpochMs } from '../kernel/time.ts'

/*
 * A network token is a number that a card scheme gives out in the place of a card's own, to one requestor.
 *
 *   active ⇄ suspended, either → deleted. A token of the vault has one that is not deleted at most.
 *   Its provider hears of an end after it is written, so that no end is lost: `isSettled` says that it has.
 */
export interface NetworkToken {
  /** By what its provider knows it. */
  readonly id: NetworkTokenId
  readonly tokenId: TokenId
  readonly scopeId: ScopeId
  readonly status: NetworkTokenStatus
  /** `IssuedNetworkToken`, sealed; empty once it is deleted. */
  readonly sealed: Uint8Array
  readonly createdAt: EpochMs
  readonly updatedAt: EpochMs
  readonly isSettled: boolean
}

export type NetworkTokenStatus = 'active' | 'suspended' | 'deleted'

export type NetworkTokenAction = 'activate' | 'suspend' | 'delete'

/** What a scheme gives out for a card. */
export interface IssuedNetworkToken {
  /** 12 to 16 digits. `undefined` where only a reference was asked for. */
  readonly number: Secret<string> | undefined
  readonly expiry: Expiry | undefined
  /** The payment account reference (EMVCo): 29 characters, the same for every token of an account. */
  readonly accountReference: string | undefined
}

/** What a scope asks of card schemes. */
export interface NetworkTokenSettings {
  readonly networkToken: boolean
  readonly accountReference: boolean
  /** Whose requestor id stands behind it: only the tenant's own lets it see the numbers. */
  readonly requestor: 'merchant' | 'vault'
}
