import { createHash } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import { sendRefusal } from '../boundary.ts'
import type { Dialect } from '../dialect.ts'
import type { ReadinessState } from '../readiness.ts'
import { describeDialect, describeVault, type OpenApiDocument } from './documents.ts'

export interface OpenApiRouteParts {
  readonly dialects: readonly Dialect[]
  readonly readiness: Pick<ReadinessState, 'isSealed'>
  readonly version: string
}

/**
 * `/openapi.json` for everything, `/openapi/<dialect>.json` for one dialect. Whoever reaches the vault may read them:
 * they say what the program does and nothing about those who use it.
 */
export const mountOpenApi = (app: FastifyInstance, parts: OpenApiRouteParts): void => {
  mountDocument(app, parts, '/openapi.json', () => describeVault(parts))
  for (const dialect of parts.dialects)
    mountDocument(app, parts, `/openapi/${dialect.name}.json`, () => describeDialect(parts, dialect))
}

const mountDocument = (
  app: FastifyInstance,
  { readiness }: OpenApiRouteParts,
  path: string,
  describe: () => OpenApiDocument,
): void => {
  let made: { readonly text: string; readonly tag: string } | undefined
  app.get(path, (request, reply) => {
    if (readiness.isSealed()) return sendRefusal(request, reply, { type: 'Sealed' })
    made ??= withTag(JSON.stringify(describe()))
    reply.header('cache-control', 'public, max-age=300').header('etag', made.tag)
    if (request.headers['if-none-match'] === made.tag) return reply.code(304).send()
    return reply.type('application/json; charset=utf-8').send(made.text)
  })
}

const withTag = (text: string): { readonly text: string; readonly tag: string } => ({
  text,
  tag: `"${createHash('sha256').update(text).digest('base64url').slice(0, 22)}"`,
})
