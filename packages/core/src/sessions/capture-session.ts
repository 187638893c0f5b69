import type { Scheme } from '../cards/scheme.ts'
import type { CaptureId, CaptureRef, CredentialId, TenantId, TokenId } from '../kernel/ids.ts'
import { minuteMs, secondMs } from '../kernel/time.ts'

/*
 * A capture session lets a browser answer one question without any other credential: which card, or which code for a
 * card that is known. Its id is unguessable and short-lived. It is in one of these states:
 *
 *   open        waits for an answer
 *   answering   one answer is being worked on; nobody else's is looked at meanwhile
 *   ended       it was answered, or failed too often; what came of it can be read until its time is over
 *   gone        unknown, or past its time
 *
 *   open      gone → open
 *   claim     open → answering
 *   release   answering → open        the vault could not finish; nothing was changed
 *   fail      answering → open        the answer was no good; the fifth such answer: → ended
 *   end       answering → ended       the answer was taken
 *   drop      any → gone              nobody was told of it, or the vault is sealed
 *   time      any → gone at its end; answering → open once whoever claimed it must have died
 */

/** What a browser is asked for. */
export type CaptureWish =
  | {
      readonly type: 'tokenize'
      /** How long the token is to live; `undefined`: until it is deleted. */
      readonly lifetimeMs: number | undefined
    }
  | { readonly type: 'refresh code'; readonly tokenId: TokenId; readonly card: CaptureCard }

/** What is shown of a known card while its code is asked for. */
export interface CaptureCard {
  /** Six or eight digits. */
  readonly issuerNumber: string
  readonly last4: string
  /** How many digits the number has. */
  readonly length: number
  readonly scheme: Scheme
  /** 1 to 12 */
  readonly expiryMonth: number
  /** four digits */
  readonly expiryYear: number
}

/** The public half of a key pair that a session's answer is sealed for: an RSA key, its numbers in base64url. */
export interface SessionPublicKey {
  /** Names the pair; sessions of one environment share one for some minutes. */
  readonly id: string
  readonly modulus: string
  readonly exponent: string
}

export interface CaptureSession {
  readonly id: CaptureId
  readonly ref: CaptureRef
  readonly tenantId: TenantId
  /** On whose behalf the answer is taken. */
  readonly openedBy: CredentialId
  readonly wish: CaptureWish
  readonly key: SessionPublicKey
}

export type SessionEnd =
  | { readonly type: 'success'; readonly tokenId: TokenId }
  | { readonly type: 'failure'; readonly reason: CaptureFailure }

export type CaptureFailure =
  | 'too many failures'
  /** the token whose code was asked for may not be refreshed any more */
  | 'token not found'

export type SessionState =
  | { readonly type: 'open' }
  | { readonly type: 'answering' }
  | { readonly type: 'ended'; readonly end: SessionEnd }

export interface FoundSession {
  readonly type: 'found'
  readonly session: CaptureSession
  readonly state: SessionState
}

/** The right to answer a session, which one caller has at a time. */
export interface SessionClaim {
  readonly type: 'claimed'
  readonly session: CaptureSession
  /** Known to the store that made it. */
  readonly receipt: unknown
}

/** 32 bytes that are the same for every spelling of one sealed payload. */
export type PayloadMark = Uint8Array

/** wire: hellgate §sessions: fifteen minutes, verified for tokenising, inferred for refreshing. */
export const sessionLifetimeMs = 15 * minuteMs

/** Longer than any answer takes to be worked on. */
export const answeringMs = 30 * secondMs

/** So many answers that are no good end a session. */
export const failuresAllowed = 5

/** A key pair is handed to the sessions of its environment for so long, and lives until the last of them is over. */
export const sessionKeyMs = 5 * minuteMs
