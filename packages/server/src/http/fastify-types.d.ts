import type { Refusal } from '@cardkeep/core/errors'
import type { Caller } from '@cardkeep/core/operations/caller'
import type { Dialect } from './dialect.ts'
import type { ContentKind, Route } from './route.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Set once a credential has been proven. */
    caller: Caller | null
    /** Why the request was refused; for the reply and for the log. */
    refusal: Refusal | undefined
    /** How the body was read. */
    content: ContentKind
  }

  interface FastifyContextConfig {
    route?: Route
    dialect?: Dialect
  }
}
