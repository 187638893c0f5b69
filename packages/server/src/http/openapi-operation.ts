import { STATUS_CODES } from 'node:http'
import type { TSchema } from 'typebox'
import type { Dialect } from './dialect.ts'
import { refusalReplies } from './openapi-refusals.ts'
import type { ContentKind, Route } from './route.ts'

/** A part of an OpenAPI document: plain JSON. */
export type Part = Readonly<Record<string, unknown>>

/** One route as an operation of OpenAPI 3.1. Whatever it says comes from the route and from its dialect's table. */
export const describeOperation = (dialect: Dialect, route: Route): Part => ({
  operationId: operationId(dialect, route),
  summary: route.summary,
  description: describeAuth(route),
  tags: [dialect.name],
  security: securityOf(dialect, route),
  'x-cardkeep-permission': route.auth.permission,
  ...(route.auth.testOnly && { 'x-cardkeep-test-only': true }),
  parameters: [
    ...pathNames(route).map((name) => parameter('path', name, { type: 'string', minLength: 1 }, true)),
    ...parametersOf('query', route.query),
    ...parametersOf('header', route.headers),
  ],
  ...(route.body && { requestBody: requestBody(route, route.body) }),
  responses: { ...goodReplies(route), ...refusals(dialect, route), ...doorReplies },
})

/** `/things/:id` as OpenAPI spells it: `/things/{id}`. */
export const templatePath = ({ path }: Pick<Route, 'path'>): string => path.replaceAll(/:(\w+)/g, '{$1}')

export const refusalSchemaName = ({ name }: Pick<Dialect, 'name'>): string => `${name}Refusal`
export const credentialName = ({ name }: Pick<Dialect, 'name'>): string => `${name}Credential`
export const publicKeyName = ({ name }: Pick<Dialect, 'name'>): string => `${name}PublicKey`

/** How a body of each kind may be called by its sender; the first is how we call it. */
const contentTypes: Readonly<Record<ContentKind, readonly string[]>> = {
  json: ['application/json'],
  form: ['application/x-www-form-urlencoded'],
  xml: ['application/xml', 'text/xml'],
}

const operationId = ({ name }: Dialect, { method, path }: Route): string => {
  const words = [method.toLowerCase(), ...path.replaceAll(':', 'by-').split(/[^A-Za-z0-9]+/)]
  return name + words.map((word) => word.slice(0, 1).toUpperCase() + word.slice(1)).join('')
}

const describeAuth = ({ auth }: Route): string => {
  const who = auth.permission === 'any' ? 'any credential' : `the permission \`${auth.permission}\``
  return `Needs ${who}${auth.testOnly ? ' of a test tenant' : ''}.`
}

/** A public key that a route asks for may be left out by test tenants. */
const securityOf = (dialect: Dialect, { auth }: Route): readonly Part[] => {
  const proof = { [credentialName(dialect)]: [] }
  return auth.publicKey && dialect.security.publicKey
    ? [{ ...proof, [publicKeyName(dialect)]: [] }, proof]
    : [proof]
}

const pathNames = ({ path }: Route): readonly string[] =>
  [...path.matchAll(/:(\w+)/g)].flatMap(([, name]) => name ?? [])

const parameter = (
  place: 'path' | 'query' | 'header',
  name: string,
  schema: Part,
  required: boolean,
): Part => ({
  name,
  in: place,
  required,
  schema,
})

const parametersOf = (place: 'query' | 'header', schema: TSchema | undefined): readonly Part[] => {
  const { properties = {}, required = [] } = plain<ObjectSchema>(schema ?? {})
  return Object.entries(properties).map(([name, of]) => parameter(place, name, of, required.includes(name)))
}

interface ObjectSchema {
  readonly properties?: Readonly<Record<string, Part>>
  readonly required?: readonly string[]
}

/** Schemas are JSON with hidden marks of their library; what is served and compared is the JSON alone. */
export const plain = <T = Part>(schema: TSchema): T =>
  JSON.parse(JSON.stringify(schema, (_key, value: unknown) => withoutDiscriminator(value))) as T

/** It speaks of schemas by their names. Ours stand where they are used, and each says by itself what it is for. */
const withoutDiscriminator = (value: unknown): unknown => {
  if (typeof value !== 'object' || value === null || !('discriminator' in value && 'oneOf' in value))
    return value
  const { discriminator: _names, ...schema } = value
  return schema
}

const requestBody = ({ accepts = ['json'] }: Route, body: TSchema): Part => ({
  required: !takesNothing(body),
  content: Object.fromEntries(
    accepts.flatMap((kind) => contentTypes[kind].map((type) => [type, { schema: bodySchemas[kind](body) }])),
  ),
})

/** A form or XML carries the caller's own fields, in which placeholders stand; only JSON has a schema. */
const bodySchemas: Readonly<Record<ContentKind, (body: TSchema) => Part>> = {
  json: (body) => plain(body),
  form: () => ({ type: 'object', additionalProperties: { type: 'string' } }),
  xml: () => ({ type: 'string' }),
}

const takesNothing = (schema: TSchema): boolean => {
  const { anyOf = [] } = plain<{ readonly anyOf?: readonly Part[] }>(schema)
  return anyOf.some(({ type }) => type === 'null')
}

const goodReplies = (route: Route): Part => {
  // What a route says of itself on a refusal it says on a good answer too.
  const own = Object.keys(route.refusalHeaders?.('bug') ?? {})
  return Object.fromEntries(
    Object.entries(route.replies).map(([status, schema]) => [
      status,
      {
        description: STATUS_CODES[status] ?? 'Good',
        headers: headerRefs(['x-request-id', ...own]),
        content: { 'application/json': { schema: plain(schema) } },
      },
    ]),
  )
}

const refusals = (dialect: Dialect, route: Route): Part => {
  const content = {
    'application/json': { schema: { $ref: `#/components/schemas/${refusalSchemaName(dialect)}` } },
  }
  const own = Object.keys(route.refusalHeaders?.('bug') ?? {})
  const bug = { description: 'A bug', headers: headerRefs(['x-request-id', ...own]), content }
  const replies = refusalReplies(dialect, route).map(({ status, types, always, sometimes }) => {
    const known = { ...headerRefs(['x-request-id', ...always]), ...headerRefs(sometimes, false) }
    const headers = { ...known, 'cardkeep-refusal': refusalHeader(types) }
    return [status, { description: types.join(', '), headers, content }] as const
  })
  return { ...Object.fromEntries(replies), 500: bug }
}

/** Which refusal it is, where the dialect's own words do not tell. */
const refusalHeader = (types: readonly string[]): Part => ({
  description: 'Which refusal it is, by its name in Cardkeep',
  required: true,
  schema: { type: 'string', enum: types },
})

const headerRefs = (names: readonly string[], required = true): Part =>
  Object.fromEntries(
    names.map((name) => {
      const known = headers[name]
      // Precondition: a header that routes answer with is described here.
      if (!known) throw new Error(`no description of the header ${name}`)
      return [name, required ? { ...known, required } : known]
    }),
  )

const headers: Readonly<Record<string, Part>> = {
  'x-request-id': {
    description: 'Names this request in the log and in the audit log',
    schema: { type: 'string', format: 'uuid' },
  },
  'retry-after': { description: 'Seconds to wait', schema: { type: 'integer', minimum: 0 } },
  'cardkeep-refusal': { description: 'Which refusal it is', schema: { type: 'string' } },
  'cardkeep-sent': {
    description: 'Whether anything of the request left for the provider; only after `no` a retry is safe',
    schema: { type: 'string', enum: ['yes', 'no', 'unknown'] },
  },
}

/** What the server itself answers to what is no whole request; it has not got as far as an id. */
export const doorReplies: Part = Object.fromEntries(
  [408, 431].map((status) => [status, { $ref: `#/components/responses/${status}` }]),
)
