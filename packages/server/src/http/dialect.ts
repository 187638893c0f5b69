import type { Dialect as DialectName } from '@cardkeep/core/codes/policy'
import type { Refusal } from '@cardkeep/core/errors'
import type { Secret } from '@cardkeep/core/kernel/secret'
import type { TSchema } from 'typebox'
import type { Reply, Route } from './route.ts'

/** One vendor-compatible API on the vault: its routes, how it is told who calls, and how it says no. */
export interface Dialect {
  readonly name: DialectName
  readonly routes: readonly Route[]
  /** On every answer of its routes. */
  readonly headers?: Readonly<Record<string, string>>
  /** How a caller shows who it is, for the documents. */
  readonly security: { readonly credential: SecurityScheme; readonly publicKey?: SecurityScheme }
  /** Finds the credential in the headers; what it finds is not yet believed. */
  readonly readCredential: (headers: CredentialHeaders) => PresentedCredential | undefined
  /** Where callers show an access token instead, and never a credential: the token in the headers, if there is one. */
  readonly readBearer?: (headers: CredentialHeaders) => Secret<string> | undefined
  /** In the words of the route that was asked, if one was, where they differ. */
  readonly encodeRefusal: (refusal: Refusal, route?: Route) => Reply
  /** The body of every refusal. */
  readonly refusalSchema: TSchema
  /** What stands in the body of every refusal of a status. */
  readonly saysAlways?: (status: number) => Readonly<Record<string, string | number>>
  /** Where its paths begin: what begins so and is no route is refused in its words too. */
  readonly prefixes?: readonly string[]
  /** A bug: fixed text, never a detail. */
  readonly encodeBug: () => Reply
}

/** As OpenAPI says it. */
export type SecurityScheme =
  | { readonly type: 'apiKey'; readonly in: 'header'; readonly name: string; readonly description?: string }
  | { readonly type: 'http'; readonly scheme: 'basic' | 'bearer'; readonly description?: string }

export type CredentialHeaders = Readonly<Record<string, string | readonly string[] | undefined>>

export interface PresentedCredential {
  /** The public part by which it is looked up; `undefined` if the text has no such part. */
  readonly id: string | undefined
  /** The whole text. */
  readonly secret: string
  readonly publicKey: string | undefined
}
