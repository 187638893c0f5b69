import type { Dialect } from '../dialect.ts'
import type { NotReady } from '../readiness.ts'
import { doorReplies } from './operation.ts'
import type { Part } from './part.ts'

/** The routes that belong to no dialect. None of them asks who calls. */
export const vaultPaths = (dialects: readonly Dialect[]): Readonly<Record<string, Part>> => ({
  '/health/live': get('healthLive', 'Tell that the process runs', { 200: reply('It runs', live) }),
  '/health/ready': get('healthReady', 'Tell whether the vault can do its work now', {
    200: reply('It can', ready),
    503: reply('It cannot, and why', notReady),
  }),
  '/openapi.json': get('openapi', 'Describe everything that this vault answers', document),
  ...Object.fromEntries(
    dialects.map(({ name }) => [
      `/openapi/${name}.json`,
      get(
        `openapi${name.slice(0, 1).toUpperCase()}${name.slice(1)}`,
        `Describe the API of ${name}`,
        document,
      ),
    ]),
  ),
})

const get = (operationId: string, summary: string, responses: Part): Part => ({
  get: {
    operationId,
    summary,
    description: 'Needs no credential.',
    tags: ['vault'],
    security: [],
    responses: { ...responses, ...doorReplies },
  },
})

const reply = (description: string, schema: Part): Part => ({
  description,
  headers: {
    'x-request-id': {
      description: 'Names this request in the log',
      required: true,
      schema: { type: 'string', format: 'uuid' },
    },
  },
  content: { 'application/json': { schema } },
})

const objectOf = (properties: Part): Part => ({
  type: 'object',
  required: Object.keys(properties),
  properties,
  additionalProperties: false,
})

const live = objectOf({ status: { const: 'live' } })
const ready = objectOf({ status: { const: 'ready' } })

const reasons = Object.keys({
  stopping: true,
  sealed: true,
  database: true,
  audit: true,
  codes: true,
} satisfies Record<NotReady, true>)
const notReady = objectOf({ status: { const: 'not ready' }, reason: { enum: reasons } })

const openApi: Part = {
  type: 'object',
  required: ['openapi', 'info', 'paths'],
  properties: {
    openapi: { type: 'string', pattern: '^3\\.1\\.' },
    info: { type: 'object' },
    paths: { type: 'object' },
  },
}

const document: Part = {
  200: reply('The document, in OpenAPI 3.1', openApi),
  304: { description: 'It has not changed since the one whose `ETag` came in `If-None-Match`' },
  503: reply('The vault is sealed', objectOf({ error: { const: 'Sealed' } })),
}
