import type { AuditChain } from './audit/chain.ts'
import type { AuditEntry } from './audit/entry.ts'
import type { BinRecord } from './bins/bin.ts'
import type { CaptureKey } from './captures/capture-key.ts'
import type { CodePolicy } from './codes/policy.ts'
import type { Destination } from './destinations/destination.ts'
import type { VaultEvent } from './events/event.ts'
import type { Webhook, WebhookHealth } from './events/webhook.ts'
import type { IdempotencyClaim, StoredReply } from './idempotency/claim.ts'
import type { CvvTries } from './issuing/cvv-tries.ts'
import type { IssuedCard } from './issuing/issued-card.ts'
import type { AccessKey, Issuer, IssuerBin, StoredCvkComponent, TrustedIssuer } from './issuing/issuer.ts'
import type { CvvRotation } from './issuing/rotation.ts'
import type {
  AccessKeyId,
  BinSetId,
  CaptureKeyId,
  CredentialId,
  DestinationId,
  KeyId,
  NetworkTokenId,
  ScopeId,
  TenantId,
  TokenId,
  WebhookId,
} from './kernel/ids.ts'
import type { EpochMs } from './kernel/time.ts'
import type { KeyRecord, KeySet, KeyState } from './keys.ts'
import type {
  NetworkToken,
  NetworkTokenSettings,
  NetworkTokenStatus,
} from './network-tokens/network-token.ts'
import type { AllowedOrigin } from './tenants/origin.ts'
import type { Credential, Scope, Tenant } from './tenants/tenant.ts'
import type { StoredFingerprint } from './tokens/fingerprint.ts'
import type { StoredToken } from './tokens/token.ts'

/**
 * What an operation wants to be true afterwards, as data. A list commits as a whole or not at all. Each change says what
 * it expects to find; where that does not hold the list is in conflict, nothing is written, and the operation
 * runs again on what stands now. Ids and times are inside, so that a replay writes the same.
 */
export type Change =
  /** Expects no such fingerprint in the scope. */
  | { readonly type: 'put-fingerprint'; readonly fingerprint: StoredFingerprint }
  /** Keeps its id for callers until then, or longer where that was promised before. Expects the fingerprint. */
  | {
      readonly type: 'keep-fingerprint'
      readonly fingerprint: Pick<StoredFingerprint, 'scopeId' | 'hash'>
      readonly until: EpochMs
    }
  /** Removes it if no token has it and nobody was promised its id. Comes after what took its token. Expects nothing. */
  | {
      readonly type: 'release-fingerprint'
      readonly fingerprint: Pick<StoredFingerprint, 'scopeId' | 'hash'>
    }
  /** Removes those that no token has and whose id was promised until before. Expects nothing. */
  | { readonly type: 'purge-fingerprints'; readonly before: EpochMs }
  /** Expects no such token; a `unique` one also no other unique token of its scope and fingerprint that is not deleted. */
  | { readonly type: 'put-token'; readonly token: StoredToken }
  /** Expects the version before the token's own, and of a `unique` one what `put-token` expects. */
  | {
      readonly type: 'replace-token'
      readonly token: StoredToken
      /** It stood for another number before, of which nothing may be left. */
      readonly isRelinked?: true
    }
  /** Writes nothing. Expects this version, so that what is committed beside it was decided on what stands. */
  | { readonly type: 'expect-token'; readonly token: Pick<StoredToken, 'id' | 'version'> }
  /** Removes the row and, with the last token of its fingerprint, the fingerprint. Expects this version. */
  | { readonly type: 'erase-token'; readonly token: Pick<StoredToken, 'id' | 'version'> }
  /** Those before it that are settled are removed. Expects none of its token that is not deleted. */
  | { readonly type: 'put-network-token'; readonly networkToken: NetworkToken }
  /** Expects it to be in the state `from`. */
  | {
      readonly type: 'replace-network-token'
      readonly networkToken: NetworkToken
      readonly from: NetworkTokenStatus
    }
  /** Marks those of a token deleted and empties what is sealed; of a token that goes too, removes those that are settled. Expects nothing. */
  | {
      readonly type: 'end-network-tokens'
      readonly tokenId: TokenId
      readonly at: EpochMs
      readonly isTokenErased?: true
    }
  /** Its provider knows of its end. Removes it where its token is gone or has a later one. Expects nothing. */
  | { readonly type: 'settle-network-token'; readonly id: NetworkTokenId }
  /** Expects no such key, and fewer active ones of its tenant than it may have. */
  | { readonly type: 'put-capture-key'; readonly key: CaptureKey }
  /** Expects it not to be retired yet. */
  | { readonly type: 'retire-capture-key'; readonly id: CaptureKeyId; readonly at: EpochMs }
  /** Removes those that were retired before. Expects nothing. */
  | { readonly type: 'purge-capture-keys'; readonly before: EpochMs }
  /** Expects neither the id nor the name. */
  | { readonly type: 'put-tenant'; readonly tenant: Tenant }
  /** `undefined`: back to the default of each dialect. */
  | {
      readonly type: 'set-code-policy'
      readonly tenantId: TenantId
      readonly policy: CodePolicy | undefined
    }
  | { readonly type: 'put-scope'; readonly scope: Scope }
  | {
      readonly type: 'set-network-tokens'
      readonly scopeId: ScopeId
      readonly settings: NetworkTokenSettings | undefined
    }
  | { readonly type: 'link-scope'; readonly scopeId: ScopeId; readonly tenantId: TenantId }
  /** Expects no such id and, where it belongs to a user, fewer good ones of that user than one may have. */
  | { readonly type: 'put-credential'; readonly credential: Credential }
  /** Expects it not to be revoked yet. */
  | { readonly type: 'revoke-credential'; readonly id: CredentialId; readonly at: EpochMs }
  /** Remembers the day. Expects nothing. */
  | { readonly type: 'use-credential'; readonly id: CredentialId; readonly at: EpochMs }
  /** Expects it to be enabled and not used since. */
  | {
      readonly type: 'disable-credential'
      readonly id: CredentialId
      readonly at: EpochMs
      readonly unusedSince: EpochMs
    }
  /** Counts as used at that time. Expects it to be disabled, and room for it as `put-credential` does. */
  | { readonly type: 'enable-credential'; readonly id: CredentialId; readonly at: EpochMs }
  | { readonly type: 'put-destination'; readonly destination: Destination }
  | { readonly type: 'remove-destination'; readonly id: DestinationId }
  /** Expects it not to be allowed yet. */
  | { readonly type: 'allow-origin'; readonly origin: AllowedOrigin }
  /** Expects it to be allowed. */
  | { readonly type: 'remove-origin'; readonly origin: Pick<AllowedOrigin, 'tenantId' | 'origin'> }
  | { readonly type: 'put-webhook'; readonly webhook: Webhook }
  /** Takes its deliveries along. Expects it to be there. */
  | { readonly type: 'remove-webhook'; readonly id: WebhookId }
  /** Expects nothing. */
  | { readonly type: 'set-webhook-health'; readonly id: WebhookId; readonly health: WebhookHealth }
  /** One delivery for each webhook of the tenant that wants this type of event, and none where nobody does. */
  | { readonly type: 'emit-event'; readonly event: VaultEvent }
  /** It was taken. Expects nothing, because another may have delivered it too. */
  | { readonly type: 'settle-delivery'; readonly no: number }
  /** It failed and is due again later. Expects nothing. */
  | {
      readonly type: 'delay-delivery'
      readonly no: number
      readonly attempts: number
      readonly dueAt: EpochMs
      readonly failure: string
    }
  /** It is given up, and what comes after it goes on. Expects nothing. */
  | {
      readonly type: 'give-up-delivery'
      readonly no: number
      readonly attempts: number
      readonly at: EpochMs
      readonly failure: string
    }
  /** From the beginning, with the number that it had. Expects one that was given up. */
  | { readonly type: 'replay-delivery'; readonly no: number; readonly at: EpochMs }
  /** Removes what was given up before. Expects nothing. */
  | { readonly type: 'purge-dead-deliveries'; readonly before: EpochMs }
  /** Expects none under this name that is answered and not yet past its time, or under way and not yet open to another. */
  | { readonly type: 'claim-idempotency'; readonly claim: IdempotencyClaim }
  /** Expects this claim to be under way. */
  | {
      readonly type: 'settle-idempotency'
      readonly claim: Pick<IdempotencyClaim, 'name' | 'claimId'>
      readonly reply: StoredReply
    }
  /** Expects nothing. */
  | { readonly type: 'release-idempotency'; readonly claim: Pick<IdempotencyClaim, 'name' | 'claimId'> }
  /** Removes claims made before. Expects nothing. */
  | { readonly type: 'purge-idempotency'; readonly before: EpochMs }
  /** Adds rows to a set that is not in use yet; of two rows of one prefix the later counts. */
  | { readonly type: 'put-bins'; readonly set: BinSetId; readonly bins: readonly BinRecord[] }
  /** From now on this set is the table, and all others are removed. Expects that it was not removed itself. */
  | { readonly type: 'use-bins'; readonly set: BinSetId; readonly at: EpochMs }
  /** Expects the tenant not to be one yet. */
  | { readonly type: 'put-issuer'; readonly issuer: Issuer }
  /**
   * Settings, CVK, and how many components are expected. Expects the issuer as it was: with its CVK or without, and with as
   * many components expected.
   */
  | {
      readonly type: 'replace-issuer'
      readonly issuer: Issuer
      readonly hadCvk: boolean
      readonly componentsBefore: number | undefined
    }
  /** Expects it not to be one of the issuer's yet, and none of another's that overlaps it where either tenant is live. */
  | { readonly type: 'add-issuer-bin'; readonly bin: IssuerBin }
  /** Expects none of this custodian. */
  | { readonly type: 'put-cvk-component'; readonly component: StoredCvkComponent }
  /** The keys are made of them: nothing of them stays. Expects as many as `count`. */
  | { readonly type: 'remove-cvk-components'; readonly tenantId: TenantId; readonly count: number }
  | { readonly type: 'put-access-key'; readonly key: AccessKey }
  /** Expects it not to be retired yet. */
  | { readonly type: 'retire-access-key'; readonly id: AccessKeyId; readonly at: EpochMs }
  /** Removes those that were retired before. Expects nothing. */
  | { readonly type: 'purge-access-keys'; readonly before: EpochMs }
  /** Retired or not. Expects it. */
  | { readonly type: 'remove-access-key'; readonly id: AccessKeyId }
  /** Expects its credential, and no other with this issuer and audience that is not revoked: of a revoked one it takes the place. */
  | { readonly type: 'trust-issuer'; readonly trusted: TrustedIssuer }
  /** Expects neither its id nor its number, nor its name with another of the customer's cards that has not ended. */
  | {
      readonly type: 'put-issued-card'
      readonly card: IssuedCard
      readonly rotation: CvvRotation
    }
  /** Expects the version before the card's own, and of the name what `put-issued-card` expects. */
  | { readonly type: 'replace-issued-card'; readonly card: IssuedCard }
  /** Ends a claim. Expects the version before the rotation's own. */
  | { readonly type: 'replace-rotation'; readonly rotation: CvvRotation }
  /** Expects the version before its own; with version 1, none. */
  | { readonly type: 'put-cvv-tries'; readonly tries: CvvTries }
  | { readonly type: 'put-key'; readonly key: KeyRecord }
  | {
      readonly type: 'set-key-state'
      readonly id: KeyId
      readonly state: KeyState
      readonly wrapped: Uint8Array
    }
  /** Raises how many seals may be made with a key before the count must be written again. Expects a lower count. */
  | { readonly type: 'reserve-seals'; readonly id: KeyId; readonly upTo: number }
  /** Expects the counter before the set's own. */
  | { readonly type: 'put-key-set'; readonly keySet: KeySet }
  /**
   * A code was held of a card that a client captured at this time, by a clock that is ahead: a vault that forgets what it held
   * must know of it. Expects nothing.
   */
  | { readonly type: 'note-captured-ahead'; readonly until: EpochMs }
  | { readonly type: 'seal-vault'; readonly sealed: boolean }
  /** Advances the chain that this store writes to. Expects nothing, so that an entry never makes a list fail. */
  | { readonly type: 'audit'; readonly entry: AuditEntry }
  /** Expects the chain to hold the entry it signs. */
  | { readonly type: 'put-checkpoint'; readonly checkpoint: AuditCheckpoint }
  /** Says up to where a sink has the log. Expects nothing. */
  | { readonly type: 'ship-audit'; readonly shipment: AuditShipment }
  /** Removes the chain's entries up to and with the anchor's, and checkpoints before it. Expects a checkpoint of exactly that entry, and one entry after it. */
  | { readonly type: 'archive-audit'; readonly anchor: AuditAnchor }

/** Signs that the chain had this hash at this place. */
export interface AuditCheckpoint {
  readonly chain: AuditChain
  readonly seq: number
  readonly hash: Uint8Array
  readonly at: EpochMs
  readonly keyId: KeyId
  /** Ed25519 over `cardkeep-audit-checkpoint`, seq, hash and time. */
  readonly signature: Uint8Array
}

/** How far a chain of the log has been shipped to a place off this machine. */
export interface AuditShipment {
  /** Names the place, without secrets. */
  readonly sink: string
  readonly chain: AuditChain
  readonly seq: number
  readonly at: EpochMs
}

/** Where a chain of the log in the database begins, once what was before has been archived. */
export interface AuditAnchor {
  readonly chain: AuditChain
  readonly seq: number
  /** Of the last entry that was archived. */
  readonly hash: Uint8Array
  readonly at: EpochMs
}

export interface Conflict {
  readonly type: 'Conflict'
  /** Which change found something else than it expected. */
  readonly change: Change['type']
}
