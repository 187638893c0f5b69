import type { AuditChain } from './audit/chain.ts'
import type { BinRecord } from './bins/bin.ts'
import type { CaptureFault } from './captures/capture-fault.ts'
import type { CaptureKey } from './captures/capture-key.ts'
import type { Card } from './cards/card.ts'
import type { Pan } from './cards/pan.ts'
import type { AuditAnchor, AuditCheckpoint, AuditShipment, Change, Conflict } from './changes.ts'
import type {
  CodeAddress,
  CodeTaker,
  HeldCode,
  HoldReceipt,
  TakenCode,
  TokenAddress,
} from './codes/held-code.ts'
import type { Destination, ForwardMethod } from './destinations/destination.ts'
import type { Refusal } from './errors.ts'
import type { DeadDelivery, Delivery, OutboxState, Webhook } from './events/webhook.ts'
import type { KeptReply, StoredClaim, StoredReply } from './idempotency/claim.ts'
import type { KeyedRequest, RequestMark } from './idempotency/mark.ts'
import type { CvvInput } from './issuing/cvv.ts'
import type { CvvTries } from './issuing/cvv-tries.ts'
import type { IssuedCard, IssuedCardName } from './issuing/issued-card.ts'
import type {
  AccessKey,
  Cvk,
  CvkCheckValues,
  CvkComponent,
  Issuer,
  IssuerBin,
  StoredCvkComponent,
  TrustedIssuer,
} from './issuing/issuer.ts'
import type { CvvRotation } from './issuing/rotation.ts'
import type { ServiceCode } from './issuing/service-code.ts'
import type {
  AccessKeyId,
  CaptureId,
  CaptureKeyId,
  CredentialId,
  IssuedCardId,
  NetworkTokenId,
  ScopeId,
  TenantId,
  TokenId,
  WebhookId,
} from './kernel/ids.ts'
import type { Result } from './kernel/result.ts'
import type { Secret } from './kernel/secret.ts'
import type { EpochMs, MonotonicMs } from './kernel/time.ts'
import type { KeyOwner, KeyRecord, KeySet } from './keys.ts'
import type {
  IssuedNetworkToken,
  NetworkToken,
  NetworkTokenSettings,
} from './network-tokens/network-token.ts'
import type {
  CaptureSession,
  FoundSession,
  PayloadMark,
  SessionClaim,
  SessionEnd,
  SessionPublicKey,
  SessionState,
} from './sessions/capture-session.ts'
import type { AllowedOrigin } from './tenants/origin.ts'
import type { Credential, Environment, Scope, Tenant } from './tenants/tenant.ts'
import type { StoredFingerprint } from './tokens/fingerprint.ts'
import type { Instrument } from './tokens/instrument.ts'
import type { CardPlace, ScopePlace } from './tokens/place.ts'
import type { CardToken, StoredToken, TokenStanding } from './tokens/token.ts'

/* Every interface to the outside. Whatever cannot be reached throws `UnavailableError`. */

export interface Clock {
  now(): EpochMs
  monotonic(): MonotonicMs
}

export interface Ids {
  /** A random version 4 UUID in lower case. */
  uuid(): string
}

/** Durable: when `commit` resolves, power may fail. */
export interface Store {
  /** All of the list or none of it. */
  commit(changes: readonly Change[]): Promise<Result<void, Conflict>>

  token(id: TokenId): Promise<StoredToken | undefined>
  /** What is known of it without reading the token; may be a moment old: good for refusing, never for allowing. */
  standing(id: TokenId): Promise<TokenStanding | undefined>
  /** The unique token of this card number in its scope that is not deleted. */
  uniqueToken(fingerprint: Pick<StoredFingerprint, 'scopeId' | 'hash'>): Promise<StoredToken | undefined>
  fingerprint(scopeId: ScopeId, hash: Uint8Array): Promise<StoredFingerprint | undefined>
  /** The oldest token of this card number in its scope that is not deleted, unique or not. */
  oldestToken(fingerprint: Pick<StoredFingerprint, 'scopeId' | 'hash'>): Promise<StoredToken | undefined>
  /** The network token of a token: the one that lives, or else the last one that was made. */
  networkToken(tokenId: TokenId): Promise<NetworkToken | undefined>
  /** Network tokens that are deleted and whose provider does not know it yet, oldest first. */
  unsettledNetworkTokens(limit: number): Promise<readonly NetworkToken[]>
  /** Retired ones too, until they are purged. */
  captureKey(id: CaptureKeyId): Promise<CaptureKey | undefined>
  /** Of a tenant, or all of them; oldest first. */
  captureKeys(tenantId: TenantId | undefined): Promise<readonly CaptureKey[]>
  /** Tokens past their expiry that are not deleted, oldest first. */
  expiredTokens(at: EpochMs, limit: number): Promise<readonly StoredToken[]>
  /** Tokens deleted before, oldest first: their rows have said so for long enough. */
  deletedTokens(before: EpochMs, limit: number): Promise<readonly StoredToken[]>
  /** Newest first, deleted ones too. For operators: it may read the whole table. */
  tokensEndingIn(
    last4: string,
    tenantId: TenantId | undefined,
    limit: number,
  ): Promise<readonly StoredToken[]>

  tenant(id: TenantId): Promise<Tenant | undefined>
  tenantNamed(name: string): Promise<Tenant | undefined>
  tenants(): Promise<readonly Tenant[]>
  scope(id: ScopeId): Promise<Scope | undefined>
  isLinked(scopeId: ScopeId, tenantId: TenantId): Promise<boolean>
  /** How many tenants may use a scope. */
  linkedTenants(scopeId: ScopeId): Promise<number>
  credential(id: CredentialId): Promise<Credential | undefined>
  credentials(tenantId: TenantId | undefined): Promise<readonly Credential[]>
  destinations(tenantId: TenantId): Promise<readonly Destination[]>
  /** Of a tenant, or all of them; oldest first. */
  origins(tenantId: TenantId | undefined): Promise<readonly AllowedOrigin[]>
  /** Card tokens in the tenant's default scope and those it is linked to, but deleted and expired ones, as a page of a list. */
  cardTokens(tenant: Pick<Tenant, 'id' | 'defaultScopeId'>, page: TokenPage): Promise<readonly CardToken[]>
  /** How many such tokens there are on all pages. */
  countCardTokens(tenant: Pick<Tenant, 'id' | 'defaultScopeId'>, filter: TokenFilter): Promise<number>

  webhook(id: WebhookId): Promise<Webhook | undefined>
  webhooks(tenantId: TenantId | undefined): Promise<readonly Webhook[]>
  /**
   * Takes deliveries that are due, the first of each webhook and subject only, and of no webhook that is paused. Nobody
   * else gets them before `until`: whoever took them and died leaves them to others. Those of `except` are left too, so
   * that a slow endpoint, of which whoever asks has enough under way, does not stand before the others.
   */
  claimDeliveries(wish: {
    readonly at: EpochMs
    readonly until: EpochMs
    readonly limit: number
    readonly except?: readonly WebhookId[]
  }): Promise<readonly Delivery[]>
  /** Newest first. */
  deadDeliveries(tenantId: TenantId | undefined, limit: number): Promise<readonly DeadDelivery[]>
  outboxState(): Promise<OutboxState>
  issuer(tenantId: TenantId): Promise<Issuer | undefined>
  /** Oldest first. */
  issuers(): Promise<readonly Issuer[]>
  /** Of an issuer, or all of them; oldest first. */
  issuerBins(tenantId: TenantId | undefined): Promise<readonly IssuerBin[]>
  /** Oldest first. */
  cvkComponents(tenantId: TenantId): Promise<readonly StoredCvkComponent[]>
  /** Retired ones too, until they are purged. */
  accessKey(id: AccessKeyId): Promise<AccessKey | undefined>
  /** Of an issuer, or all of them; retired ones too, oldest first. */
  accessKeys(tenantId: TenantId | undefined): Promise<readonly AccessKey[]>
  trustedIssuer(wish: Pick<TrustedIssuer, 'issuer' | 'audience'>): Promise<TrustedIssuer | undefined>
  /** In the order of their credentials. */
  trustedIssuers(): Promise<readonly TrustedIssuer[]>
  issuedCard(id: IssuedCardId): Promise<RotatingCard | undefined>
  /** Whether a card of the issuer has one of these numbers. */
  isNumberIssued(tenantId: TenantId, hashes: readonly Uint8Array[]): Promise<boolean>
  /** The card that has this name for its account and customer, and was not cancelled. */
  issuedCardNamed(name: IssuedCardName): Promise<IssuedCardId | undefined>
  cvvTries(id: IssuedCardId): Promise<CvvTries | undefined>
  /**
   * Takes cards whose CVV is due, those that have waited longest first, with an equal share for each issuer; what one does
   * not need goes to the others. Nobody else gets them before `until`: whoever took them and died leaves them to others.
   */
  claimRotations(wish: {
    readonly at: EpochMs
    readonly until: EpochMs
    readonly limit: number
    /** Of this issuer alone. */
    readonly tenantId?: TenantId
  }): Promise<readonly RotatingCard[]>
  /** Gives back what was claimed until then and has not rotated since, so that others need not wait. */
  releaseRotations(cards: readonly IssuedCardId[], until: EpochMs): Promise<void>
  /** Since when the longest waiting of an issuer, or of all, is due that nobody has claimed; `undefined` where none is. */
  oldestDueRotation(at: EpochMs, tenantId: TenantId | undefined): Promise<EpochMs | undefined>
  /** Claimed ones too. May read the whole index. */
  countDueRotations(at: EpochMs, tenantId: TenantId | undefined): Promise<number>
  /** How many cards are due before `until`, by interval and by the span of `stepMs` since 1970 in which they come. */
  rotationsAhead(wish: {
    /** What is due by then is overdue. */
    readonly at: EpochMs
    readonly until: EpochMs
    readonly stepMs: number
    readonly tenantId: TenantId | undefined
  }): Promise<readonly RotationsAhead[]>
  /** Rotations whose next time is further ahead than their interval and `slackMs`, in no order. */
  farRotations(at: EpochMs, slackMs: number, limit: number): Promise<readonly CvvRotation[]>
  idempotencyClaim(name: Uint8Array): Promise<StoredClaim | undefined>
  /** What the operator's table says of the longest of these prefixes that it knows. */
  bin(prefixes: readonly string[]): Promise<BinRecord | undefined>
  /** How many prefixes the table has, and since when. */
  binTable(): Promise<{ readonly count: number; readonly at: EpochMs | undefined }>
  keys(): Promise<readonly KeyRecord[]>
  keySet(): Promise<KeySet | undefined>
  isSealed(): Promise<boolean>
  /** The latest that `note-captured-ahead` told of; 0 before the first. */
  capturedUntil(): Promise<EpochMs>

  /** Every chain of the log that has begun, the main chain first. */
  auditChains(): Promise<readonly AuditChain[]>
  /* Without a chain, each of these speaks of the main chain. */
  auditHead(chain?: AuditChain): Promise<AuditHead>
  /** Entries after `seq` in order. */
  auditEntries(afterSeq: number, limit: number, chain?: AuditChain): Promise<readonly StoredAuditEntry[]>
  /** In order of what they sign. */
  checkpoints(chain?: AuditChain): Promise<readonly AuditCheckpoint[]>
  lastCheckpoint(chain?: AuditChain): Promise<AuditCheckpoint | undefined>
  /** `undefined` while nothing of the chain has been archived. */
  auditAnchor(chain?: AuditChain): Promise<AuditAnchor | undefined>
  auditShipments(): Promise<readonly AuditShipment[]>
}

export interface RotatingCard {
  readonly card: IssuedCard
  readonly rotation: CvvRotation
}

export interface RotationsAhead {
  readonly tenantId: TenantId
  readonly intervalMs: number
  /** They rotate at once, and `at` tells when after that. */
  readonly isOverdue: boolean
  /** The start of the span. */
  readonly at: EpochMs
  readonly cards: number
}

export interface TokenFilter {
  /** Created then or later. */
  readonly from: EpochMs | undefined
  /** Created before. */
  readonly before: EpochMs | undefined
  /** Of now: tokens past their own time are left out. */
  readonly at: EpochMs
}

export interface TokenPage extends TokenFilter {
  /** By the time of creation; of tokens of one millisecond by id. */
  readonly order: 'oldest first' | 'newest first'
  readonly limit: number
  readonly offset: number
}

export interface AuditHead {
  readonly chain: AuditChain
  /** 0 before the first entry. */
  readonly seq: number
  /** 32 bytes; before the first entry the number of the chain, as 32 bytes in big-endian order. */
  readonly hash: Uint8Array
}

export interface StoredAuditEntry {
  readonly seq: number
  /** As `writeEntry` wrote it. */
  readonly text: string
  /** SHA-256 of the previous hash and the text. */
  readonly hash: Uint8Array
}

/** Holds codes outside every disk. There is no `find`: nothing can look first and spend later. */
export interface CodeStore {
  /** Throws `HoldLostError` where it may be held all the same, and any other error where it is not known. */
  hold(code: HeldCode): Promise<Result<HoldReceipt, { readonly type: 'TooManyCodes' }>>
  /**
   * Takes away what that hold brought, and nothing that another has held since. `true`: all of its uses were there, and
   * nobody has it in hand. Only then is it as if it had never been held.
   */
  undoHold(held: HoldReceipt): Promise<boolean>
  /** One atomic step; of any number of callers only as many win as there are uses. */
  take(address: CodeAddress, taker: CodeTaker): Promise<TakenCode | undefined>
  /** Returns the use with what remains of its time; `false` if it was dropped, replaced or expired meanwhile. */
  giveBack(taken: TakenCode): Promise<boolean>
  /** What is held at this address and nothing else. `false` if nothing was. */
  drop(address: CodeAddress): Promise<boolean>
  /** Every code that came with the token, by whatever address and of every tenant. `false` if none was held. */
  dropToken(tokenId: TokenId): Promise<boolean>
  /** The same of one tenant. */
  dropTokenOf(tenantId: TenantId, tokenId: TokenId): Promise<boolean>
  /** Whether a token holds a code, for a tenant who wants to know if its customer must be asked; no promise that it can be taken. */
  isHeldBy(address: TokenAddress): Promise<boolean>
  dropAll(): Promise<void>
}

/**
 * Holds capture sessions outside every disk; the states stand in sessions/capture-session.ts. A session is looked up by its
 * id alone, which is the only credential that a browser has.
 */
export interface SessionStore {
  open(session: CaptureSession): Promise<Result<void, { readonly type: 'TooManySessions' }>>
  /** Whatever state it is in: nobody was told of it. Done also where there is none. */
  drop(id: CaptureId): Promise<void>
  /** `undefined`: unknown, or past its time. */
  find(id: CaptureId): Promise<FoundSession | undefined>
  /** open → answering, for one caller of any number; the others are told the state that it is in. */
  claim(id: CaptureId): Promise<SessionClaim | FoundSession | undefined>
  /** `false` if this payload was admitted before, to whatever session: it opens once; or if the claim had run out. */
  admit(claim: SessionClaim, mark: PayloadMark): Promise<boolean>
  /** answering → open, as if nothing had been sent: its payload may come again. */
  release(claim: SessionClaim): Promise<void>
  /**
   * answering → open with one failure more, or ended if it was the last that is allowed; answers which. A claim that had run
   * out changes nothing and is told how the session stands; `undefined`: its time is over.
   */
  fail(claim: SessionClaim): Promise<SessionState | undefined>
  /** answering → ended. `false` if the claim had run out. */
  end(claim: SessionClaim, end: SessionEnd): Promise<boolean>
  dropAll(): Promise<void>
}

/** The key pairs that browsers seal their answers for. No pair is of two environments (PCI DSS 6.5.5). */
export interface SessionKeys {
  /** For a session that is opened now. */
  current(environment: Environment): Promise<SessionPublicKey>
  /**
   * What a browser sealed for this session. The environment is that of the session's tenant: a pair of the other opens
   * nothing, whatever the session says. Never throws for what the browser sent.
   */
  open(
    environment: Environment,
    session: CaptureSession,
    payload: string,
  ): Promise<Result<OpenedPayload, { readonly type: 'PayloadNotReadable' }>>
}

export interface OpenedPayload {
  /** JSON, not yet read; it may hold a card and a code. */
  readonly text: Secret<string>
  readonly mark: PayloadMark
}

/**
 * Counts codes that were asked for and not held, by whatever they were asked with: `marksOf` of codes/guesses.ts names
 * it, and the table there says past how many failures a mark must wait.
 */
export interface GuessLimits {
  /** Seconds until all of the marks may be tried again, rounded up, or `undefined` where they may be now. Counts nothing. */
  waitSeconds(marks: readonly string[]): Promise<number | undefined>
  failed(marks: readonly string[]): Promise<void>
}

/** Counts failed proofs of credentials; the limits stand in tenants/lockout.ts. */
export interface Lockouts {
  /** Seconds that remain, rounded up, or `undefined` where nothing is locked. Counts nothing. */
  remainingSeconds(pair: string): Promise<number | undefined>
  /** `true` if this failure is the one that locks. */
  fail(pair: string): Promise<boolean>
  /** `false` where it is locked by now, which stays so; otherwise all failures are forgotten. */
  succeed(pair: string): Promise<boolean>
}

/** The cryptography of cards and accounts. */
export interface CardCipher {
  seal(place: CardPlace, instrument: Instrument): Promise<Uint8Array>
  /** Throws if the bytes were changed or belong to another place. */
  open(place: CardPlace, sealed: Uint8Array): Promise<Instrument>
  /** The keyed hash of its number under each key of the scope that is not destroyed, the active one first. */
  fingerprints(place: ScopePlace, instrument: Instrument): Promise<readonly FingerprintHash[]>
}

export interface FingerprintHash {
  readonly hash: Uint8Array
  readonly keyVersion: number
}

/** Seals what schemes give out, beside the card that it stands for. */
export interface NetworkTokenCipher {
  seal(place: NetworkTokenPlace, issued: IssuedNetworkToken): Promise<Uint8Array>
  /** Throws if the bytes were changed or belong to another place. */
  open(place: NetworkTokenPlace, sealed: Uint8Array): Promise<IssuedNetworkToken>
}

export interface NetworkTokenPlace extends CardPlace {
  readonly id: NetworkTokenId
}

/** Whoever has card schemes give out network tokens. Each step may come twice, and then changes nothing more. */
export interface NetworkTokenProvider {
  /** Such as `simulator`; callers and the audit log are told it. */
  readonly name: string
  issue(wish: NetworkTokenWish): Promise<IssuedNetworkToken>
  suspend(id: NetworkTokenId): Promise<void>
  resume(id: NetworkTokenId): Promise<void>
  /** For good. */
  end(id: NetworkTokenId): Promise<void>
}

export interface NetworkTokenWish {
  readonly id: NetworkTokenId
  readonly card: Card
  readonly settings: NetworkTokenSettings
}

/** Who issues network tokens to tenants of an environment; `undefined`: nobody does. */
export type NetworkTokenProviders = (environment: Environment) => NetworkTokenProvider | undefined

/** Opens what clients encrypted for a capture key. */
export interface Captures {
  /** Never throws for what was sent; in bounded time and memory. */
  open(
    key: CaptureKey,
    ciphertext: string,
  ): Promise<Result<OpenedCapture, { readonly type: 'CaptureRefused'; readonly fault: CaptureFault }>>
}

export interface OpenedCapture {
  /** JSON, not yet read; it holds a card and may hold a code. */
  readonly text: Secret<string>
  /** The same for the same text of a tenant, however it was encrypted and spelled. 32 bytes that tell nothing of it. */
  readonly mark: Uint8Array
  /** The id of a token that it makes in a scope: the same each time, and guessed by nobody. */
  tokenIdIn(scopeId: ScopeId): TokenId
}

/** Remembers which captures have brought a code, for as long as a capture is good. Outside every disk. */
export interface CaptureMarks {
  /**
   * `true` for one caller of any number. `false`: it brought a code before, or it was captured before all that is
   * remembered here, so that nobody can tell, or its tenant has brought as many as are remembered for it.
   */
  admit(capture: MarkedCapture): Promise<boolean>
  /** Its code was not held after all. */
  release(capture: MarkedCapture): Promise<void>
}

export interface MarkedCapture extends Pick<OpenedCapture, 'mark'> {
  readonly tenantId: TenantId
  /** By its client's clock. */
  readonly capturedAt: EpochMs
}

/** Makes key pairs for which clients encrypt cards. */
export interface CaptureKeyMaker {
  /** One after the other, so that of many who ask at once each sees what became of those before it. */
  inTurn<T>(work: () => Promise<T>): Promise<T>
  make(place: CaptureKeyPlace): Promise<Pick<CaptureKey, 'publicKey' | 'sealedPrivateKey'>>
}

export type CaptureKeyPlace = Pick<CaptureKey, 'id' | 'tenantId'>

/** The cryptography of issued cards, all but their CVVs. Everything is for one card and one field, and opens nowhere else. */
export interface IssuedCardCipher {
  sealNumber(place: IssuedCardPlace, pan: Pan): Promise<Uint8Array>
  /** These throw if the bytes were changed or belong to another place. */
  openNumber(place: IssuedCardPlace, sealed: Uint8Array): Promise<Pan>
  sealServiceCode(place: IssuedCardPlace, serviceCode: ServiceCode): Promise<Uint8Array>
  openServiceCode(place: IssuedCardPlace, sealed: Uint8Array): Promise<ServiceCode>
  /** The keyed hash of a number under each key of the issuer that is not destroyed, the active one first. */
  numberHashes(tenantId: TenantId, pan: Pan): Promise<readonly Uint8Array[]>
}

export interface IssuedCardPlace {
  readonly id: IssuedCardId
  readonly tenantId: TenantId
}

/** Derives CVVs under an issuer's card verification keys. A CVV is never kept. */
export interface CvvDeriver {
  /** In the order of the inputs; many at once cost little more than one. */
  derive(
    issuer: Pick<Issuer, 'tenantId'> & { readonly cvk: Cvk },
    inputs: readonly CvvInput[],
  ): Promise<readonly Secret<string>[]>
  /** Whether it is the one, in a time that does not tell how nearly. */
  isSame(a: Secret<string>, b: Secret<string>): boolean
}

/** Makes card verification keys, and keeps what custodians bring. Nothing of them is ever told but check values. */
export interface CvkKeeper {
  generate(tenantId: TenantId): Promise<SealedCvk>
  sealComponent(
    place: Pick<StoredCvkComponent, 'tenantId' | 'custodian'>,
    component: CvkComponent,
    // One part of it adds nothing to its key.
  ): Promise<Result<SealedCvk, { readonly type: 'EmptyComponent' }>>
  /**
   * The keys of which these are all components, by XOR. `WeakCvk`: one of them is a key under which DES hides nothing, or both
   * of a live tenant are one, which is single DES.
   */
  combine(
    tenant: Pick<Tenant, 'id' | 'environment'>,
    components: readonly StoredCvkComponent[],
  ): Promise<Result<SealedCvk, { readonly type: 'WeakCvk' }>>
}

export interface SealedCvk {
  readonly sealed: Uint8Array
  readonly checkValues: CvkCheckValues
}

/** Makes key pairs that sign access tokens. */
export interface AccessKeyMaker {
  make(place: Pick<AccessKey, 'id' | 'tenantId'>): Promise<Pick<AccessKey, 'publicJwk' | 'sealedPrivateKey'>>
}

/** Draws at random, evenly. */
export interface Draws {
  /** From 0 to below `end`, which is 2^48 at most. */
  below(end: number): number
}

/**
 * How many tries of a card's CVV are under way, on all nodes. Outside every disk; one that its node forgets, because it
 * died, is forgotten within half a minute.
 */
export interface PendingTries {
  /** One more; answers how many there are with it. */
  enter(card: IssuedCardId): Promise<number>
  leave(card: IssuedCardId): Promise<void>
  /** A try that was wrong and could not be counted, and how to: known to this node alone, while it lives. */
  owe(card: IssuedCardId, count: CountOwed): void
  /** How many are owed for the card; one that is being counted is, until it has been. */
  owed(card: IssuedCardId): number
  /**
   * Counts what is owed for the card and nobody is counting, the oldest first, and answers how many there were. Throws what
   * the first that cannot be counted throws; that one is still owed.
   */
  countOwed(card: IssuedCardId): Promise<number>
  /** A card that tries are owed for, where no more can be remembered: until some are counted nothing may be tried. */
  mustCountFirst(): IssuedCardId | undefined
}

export type CountOwed = () => Promise<void>

/** Tells requests under idempotency keys apart without keeping what they say. */
export interface RequestMarker {
  /** Under each key that a claim may still stand under, the active one first. */
  mark(request: KeyedRequest): readonly RequestMark[]
}

/** Keeps replies to requests under idempotency keys from whoever reads the store. */
export interface ReplySealer {
  /** At once, because it is called where the changes of an operation are listed. */
  seal(request: RequestMark, reply: KeptReply): StoredReply
  /** Throws if body or status were changed, or belong to another request. */
  open(request: RequestMark, stored: StoredReply): Promise<KeptReply>
}

/** Makes keys for what is about to exist. */
export interface KeyMaker {
  keysFor(owners: readonly NewKeyOwner[]): Promise<PreparedKeys>
}

export interface NewKeyOwner {
  readonly owner: KeyOwner
  readonly environment: Environment
  /** What it has keys for beside those that all such owners have. */
  readonly roles?: readonly 'issuer'[]
}

export interface PreparedKeys {
  /** For the commit that makes the owners. */
  readonly changes: readonly Change[]
  /** To be called once that commit succeeded. */
  committed(): Promise<void>
}

/** The only way out to a provider. */
export interface Egress {
  /** All that can be judged without opening a connection. */
  admit(wish: ForwardWish): Result<AdmittedForward, Refusal>
  /** Looks up the name, judges its addresses and shakes hands by TLS, and closes again. Not a byte of a request is sent. */
  probe(forward: AdmittedForward): Promise<Probe>
  /** Sends once, follows nothing, and answers with the sent card data masked. Never throws for what a provider does. */
  send(forward: AdmittedForward, parcel: Parcel): Promise<SendOutcome>
}

/** What a connection to a destination would meet. */
export interface Probe {
  /** All that the name stands for, `not public` in the place of one inside a network; empty where it was not resolved. */
  readonly addresses: readonly string[]
  readonly address: 'allowed' | 'refused' | 'not resolved'
  /** `not tried` where no address may be tried; `none` for plain HTTP. */
  readonly tls: 'trusted' | 'failed' | 'not reached' | 'not tried' | 'none'
  /** Such as `TLSv1.3`. */
  readonly protocol: string | undefined
}

export interface ForwardWish {
  readonly url: string
  readonly method: ForwardMethod
  readonly headers: Readonly<Record<string, string>>
  readonly destinations: readonly Destination[]
}

export interface AdmittedForward {
  readonly url: TargetUrl
  readonly method: ForwardMethod
  readonly headers: Readonly<Record<string, string>>
  readonly destination: Destination
}

/** `URL` of the platform; core knows only what it reads of it. */
export interface TargetUrl {
  readonly href: string
  readonly origin: string
  readonly hostname: string
  readonly pathname: string
}

export interface Parcel {
  /** `undefined` for a method without a body. */
  readonly body: Secret<string> | undefined
  readonly contentType: string
  /** What was put in and must not come back. */
  readonly pan: Secret<string> | undefined
  readonly accountNumber: Secret<string> | undefined
  readonly code: Secret<string> | undefined
}

export type SendOutcome =
  | { readonly type: 'answered'; readonly answer: Answer }
  | { readonly type: 'refused'; readonly refusal: Refusal }

/** What the provider said, with echoes masked. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | readonly string[]>>
  readonly body: { readonly type: 'json' | 'text'; readonly text: string }
}

export interface Readiness {
  /** Told of failures that do not stop an answer but must stop the vault from being called ready. */
  auditFailed(): void
  /** Shut by its operator: nothing is sent any more. */
  isSealed(): boolean
}
