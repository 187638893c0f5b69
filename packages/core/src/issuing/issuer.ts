import type { AccessKeyId, CredentialId, TenantId } from '../kernel/ids.ts'
import type { Secret } from '../kernel/secret.ts'
import { type EpochMs, minuteMs, secondMs } from '../kernel/time.ts'

/** A tenant that issues virtual cards: a role of its own, with keys of its own, and off until an operator enables it. */
export interface Issuer {
  readonly tenantId: TenantId
  readonly settings: IssuerSettings
  /** `undefined` until all of its components are here. */
  readonly cvk: Cvk | undefined
  /** How many components the custodians bring; `undefined` where the pair came at once. */
  readonly componentsExpected: number | undefined
  readonly createdAt: EpochMs
}

/** One whose cards have CVVs. */
export interface ReadyIssuer extends Issuer {
  readonly cvk: Cvk
}

export const isReady = (issuer: Issuer): issuer is ReadyIssuer => issuer.cvk !== undefined

export interface IssuerSettings {
  /** What `event_type` says. wire: pismo §envelope: the pages differ */
  readonly eventType: RotationEventType
  /** For how long after a rotation the CVV before is still taken; 0: not at all. */
  readonly graceMs: number
  /** Over how long what is due at one time is spread; 0: not at all. */
  readonly jitterMs: number
  /** For how long after its creation a card has no PCI data yet. */
  readonly pciDelayMs: number
}

export const rotationEventTypes = ['rotate_cvv', 'rotate_cvv-1'] as const
export type RotationEventType = (typeof rotationEventTypes)[number]

export const usualIssuerSettings: IssuerSettings = {
  eventType: 'rotate_cvv',
  graceMs: 0,
  jitterMs: 0,
  pciDelayMs: 0,
}

/** The most of each. An interval is an hour at least, so no jitter reaches the next. */
export const issuerLimits = {
  graceMs: 300 * secondMs,
  jitterMs: 30 * minuteMs,
  pciDelayMs: 60 * minuteMs,
  bins: 20,
  components: 9,
}

/** The one until programs are offered. wire: pismo §create, inferred */
export const programId = 1

/** A pair of card verification keys, A and B, dedicated to rotating CVVs. */
export interface Cvk {
  /** Both, sealed for the issuer. */
  readonly sealed: Uint8Array
  readonly checkValues: CvkCheckValues
  readonly createdAt: EpochMs
}

/** The first three bytes of eight zero bytes encrypted under each, in capital hexadecimal digits (ANSI X9.24-1). */
export interface CvkCheckValues {
  readonly a: string
  readonly b: string
}

/** One custodian's part of both keys, full length; all parts together make the keys by XOR (PCI DSS 3.6.1.2, 3.7.6). */
export interface CvkComponent {
  /** 16 hexadecimal digits */
  readonly a: Secret<string>
  readonly b: Secret<string>
}

export interface StoredCvkComponent {
  readonly tenantId: TenantId
  /** Who brought it, as names are compared: no two are one person's. */
  readonly custodian: string
  readonly sealed: Uint8Array
  readonly checkValues: CvkCheckValues
  readonly createdAt: EpochMs
}

/** 6 to 9 digits with which an issuer's card numbers begin. */
export interface IssuerBin {
  readonly tenantId: TenantId
  readonly bin: string
  readonly createdAt: EpochMs
}

/** A key pair that signs an issuer's access tokens. */
export interface AccessKey {
  readonly id: AccessKeyId
  readonly tenantId: TenantId
  /** A JSON Web Key (RFC 7517): RSA, for RS256. */
  readonly publicJwk: string
  /** PKCS #8 in PEM, sealed for the issuer. */
  readonly sealedPrivateKey: Uint8Array
  readonly createdAt: EpochMs
  /** Signs no more since; what it signed is good until it ends. */
  readonly retiredAt: EpochMs | undefined
}

/** Who else may sign tokens for a tenant: they count as this credential. */
export interface TrustedIssuer {
  readonly credentialId: CredentialId
  /** What `iss` and `aud` must say. No two have both alike. */
  readonly issuer: string
  readonly audience: string
  /** A JSON Web Key Set (RFC 7517, 5) of public keys. */
  readonly jwks: string
}

/** An access token is good for so long. wire: pismo §tokens, inferred */
export const accessTokenLifetimeMs = 60 * minuteMs
