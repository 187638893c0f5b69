import type { Refusal } from '@cardkeep/core/errors'
import type { Result } from '@cardkeep/core/kernel/result'
import type { Visitor } from '@cardkeep/core/operations/caller'
import type { FastifyInstance } from 'fastify'
import { sendRefusal, sendReply } from './boundary.ts'
import { type MountParts, visitorOf } from './mount.ts'
import type { Reply, RequestHeaders } from './route.ts'

/** Something that a browser fetches by itself: a page, or a script of one. It belongs to no dialect, and reads no credential. */
export interface Page {
  readonly path: string
  /** Its headers replace those that the listener puts on every answer. */
  readonly answer: (visitor: Visitor, input: PageInput) => Promise<Result<Reply, Refusal>>
}

export interface PageInput {
  readonly params: Readonly<Record<string, string>>
  readonly query: Readonly<Record<string, string>>
  /** By lower-case name. */
  readonly headers: RequestHeaders
}

type PageParts = Pick<MountParts, 'readiness' | 'inFlight'>

export const mountPage = (app: FastifyInstance, { readiness, inFlight }: PageParts, page: Page): void => {
  app.get(page.path, async (request, reply) => {
    if (readiness.isSealed()) return sendRefusal(request, reply, { type: 'Sealed' })
    const answering = page.answer(visitorOf(request), {
      params: request.params as PageInput['params'],
      query: request.query as PageInput['query'],
      headers: request.headers,
    })
    const result = await inFlight.track(answering)
    return result.ok ? sendReply(reply, result.value) : sendRefusal(request, reply, result.error)
  })
}
