import type { Refusal } from '@cardkeep/core/errors'
import type { Result } from '@cardkeep/core/kernel/result'
import type { Secret } from '@cardkeep/core/kernel/secret'
import type { Alongside } from '@cardkeep/core/operations/alongside'
import type { Caller, Visitor } from '@cardkeep/core/operations/caller'
import type { Permission } from '@cardkeep/core/tenants/tenant'
import type { TSchema } from 'typebox'
import type { Services } from '../services.ts'

/** What a route reads of a request. The body has passed the route's schema. */
export interface RouteInput {
  readonly params: Readonly<Record<string, string>>
  readonly query: Readonly<Record<string, string>>
  /** By lower-case name. */
  readonly headers: RequestHeaders
  /** Of which content type the body is; it says how `body` was read. */
  readonly content: ContentKind
  /** JSON as a value, a form or XML as the text that came. */
  readonly body: unknown
  /** How this vault is reached from outside, without a slash at the end: `https://vault.example`. */
  readonly baseUrl: string
}

export type RequestHeaders = Readonly<Record<string, string | readonly string[] | undefined>>

/** What a body may be: `application/json`, `application/x-www-form-urlencoded`, or one of the types of XML. */
export type ContentKind = 'json' | 'form' | 'xml'

export interface Reply {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  /** A value for the route's reply schema, which is an allow-list; or text as it is sent. `undefined`: there is none. */
  readonly body: object | string | undefined
  /** Of a text that is not JSON; a value is always JSON. */
  readonly contentType?: string
}

/** Who may call: deny by default, so a route cannot be written without it. */
export interface CredentialAuth {
  /** `any`: whoever has a valid credential. */
  readonly permission: Permission | 'any'
  /** Whether the public key must come too, in a dialect that has one. */
  readonly publicKey?: boolean
  /** Only credentials of test tenants. */
  readonly testOnly?: boolean
}

/** A route as data: what it takes, who may call it, what it runs and how it answers. */
export interface RouteFrame {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly path: string
  readonly summary: string
  /** Whether pages of any origin may call it from a browser. Only where no credential is read. */
  readonly crossOrigin?: true
  readonly limits?: { readonly bodyBytes: number }
  readonly keepsNumbers?: boolean
  /** Names all that a schema has against a request, and not the first thing alone. */
  readonly listsFaults?: true
  /** Hands the body over as the text that came, whatever its content type says: JSON to be, before values are put in. */
  readonly keepsText?: true
  /** JSON alone unless given. */
  readonly accepts?: readonly ContentKind[]
  /** Where the dialect lets a caller repeat a request safely. */
  readonly idempotency?: IdempotencyRule
  /** What the parameters of the path must be, where that is more than a text. */
  readonly params?: TSchema
  readonly query?: TSchema
  /** The headers that the route reads beside the credential's; others may come and are not looked at. */
  readonly headers?: TSchema
  readonly body?: TSchema
  /** The bodies of good answers by status; what a schema does not list is not sent. `null`: there is no body. */
  readonly replies: Readonly<Record<number, TSchema>>
  /** The content type of good answers; JSON unless given. */
  readonly replyType?: string
  /** Answers with what another server said: any status, and a body of any type. */
  readonly relays?: true
  /** Which headers some good answers have and others have not. */
  readonly replyHeaders?: readonly string[]
  /** What it may refuse beside that of which its permission, its method and its schemas tell. */
  readonly refuses?: readonly Refusal['type'][]
  /** Headers for refusals of this route. */
  readonly refusalHeaders?: (refusal: Refusal | 'bug') => Readonly<Record<string, string>>
}

export interface RouteSpec<Command, Value> extends RouteFrame {
  readonly auth: CredentialAuth
  readonly decode: (input: RouteInput, caller: Caller) => Result<Command, Refusal>
  readonly run: (
    services: Services,
    caller: Caller,
    command: Command,
    alongside: Alongside<Value>,
  ) => Promise<Result<Value, Refusal>>
  readonly encode: (value: Value, command: Command, input: RouteInput) => Reply
}

export interface IdempotencyRule {
  /** In lower case. */
  readonly header: string
  /** What makes two requests the same, as one text: everything but the security code. */
  readonly sameness: (input: RouteInput) => Secret<string>
}

/** The same for a visitor: whoever knows the address, in which an unguessable id stands in the place of a credential. */
export interface VisitorRouteSpec<Command, Value> extends Omit<RouteFrame, 'idempotency'> {
  readonly auth: 'visitor'
  readonly decode: (input: RouteInput) => Result<Command, Refusal>
  readonly run: (services: Services, visitor: Visitor, command: Command) => Promise<Result<Value, Refusal>>
  readonly encode: (value: Value, command: Command, input: RouteInput) => Reply
}

export type Route = CredentialRoute | VisitorRoute

export interface CredentialRoute extends RouteFrame {
  readonly auth: CredentialAuth
  readonly handle: (
    services: Services,
    caller: Caller,
    input: RouteInput,
    alongside: Alongside<Reply>,
  ) => Promise<Result<Reply, Refusal>>
}

export interface VisitorRoute extends RouteFrame {
  readonly auth: 'visitor'
  readonly handle: (
    services: Services,
    visitor: Visitor,
    input: RouteInput,
  ) => Promise<Result<Reply, Refusal>>
}

/** Ties decode, run and encode together, so that their types must fit and a list of routes need not know them. */
export const defineRoute = <Command, Value>(spec: RouteSpec<Command, Value>): CredentialRoute => {
  const { decode, run, encode, ...rest } = spec
  return {
    ...rest,
    handle: async (services, caller, input, alongside) => {
      const command = decode(input, caller)
      if (!command.ok) return command
      const value = await run(services, caller, command.value, (made) =>
        alongside(encode(made, command.value, input)),
      )
      return value.ok ? { ok: true, value: encode(value.value, command.value, input) } : value
    },
  }
}

export const defineVisitorRoute = <Command, Value>(spec: VisitorRouteSpec<Command, Value>): VisitorRoute => {
  const { decode, run, encode, ...rest } = spec
  return {
    ...rest,
    handle: async (services, visitor, input) => {
      const command = decode(input)
      if (!command.ok) return command
      const value = await run(services, visitor, command.value)
      return value.ok ? { ok: true, value: encode(value.value, command.value, input) } : value
    },
  }
}
