import { STATUS_CODES } from 'node:http'
import type { TSchema } from 'typebox'
import type { Dialect } from '../dialect.ts'
import type { ContentKind, Route } from '../route.ts'
import { fixedHeaders, headerRefs } from './headers.ts'
import type { Part } from './part.ts'
import { refusalReplies } from './refusals.ts'

/** One route as an operation of OpenAPI 3.1. Whatever it says comes from the route and from its dialect's table. */
export const describeOperation = (dialect: Dialect, route: Route): Part => ({
  operationId: operationId(dialect, route),
  summary: route.summary,
  description: describeAuth(route),
  tags: [dialect.name],
  security: securityOf(dialect, route),
  ...(route.auth !== 'visitor' && { 'x-cardkeep-permission': route.auth.permission }),
  ...(route.auth !== 'visitor' && route.auth.testOnly && { 'x-cardkeep-test-only': true }),
  parameters: [
    ...pathParameters(route),
    ...parametersOf('query', route.query),
    ...parametersOf('header', route.headers),
  ],
  ...(route.body && { requestBody: requestBody(route, route.body) }),
  responses: { ...goodReplies(dialect, route), ...refusals(dialect, route), ...doorReplies },
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

const describeAuth = ({ auth, path, crossOrigin }: Route): string => {
  if (auth === 'visitor')
    return path.includes(':')
      ? `Needs no credential: whoever knows the id in the path may call it${crossOrigin ? ', from a page of any origin' : ''}.`
      : 'Needs no credential in its headers.'
  const who = auth.permission === 'any' ? 'any credential' : `the permission \`${auth.permission}\``
  return `Needs ${who}${auth.testOnly ? ' of a test tenant' : ''}.`
}

/** A public key that a route asks for may be left out by test tenants. */
const securityOf = (dialect: Dialect, { auth }: Route): readonly Part[] => {
  if (auth === 'visitor') return []
  const proof = { [credentialName(dialect)]: [] }
  return auth.publicKey && dialect.security.publicKey
    ? [{ ...proof, [publicKeyName(dialect)]: [] }, proof]
    : [proof]
}

const pathNames = ({ path }: Route): readonly string[] =>
  [...path.matchAll(/:(\w+)/g)].flatMap(([, name]) => name ?? [])

/** A text, unless the route says more of it. */
const pathParameters = (route: Route): readonly Part[] => {
  const { properties = {} } = plain<ObjectSchema>(route.params ?? {})
  return pathNames(route).map((name) =>
    parameter('path', name, properties[name] ?? { type: 'string', minLength: 1 }, true),
  )
}

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

const requestBody = ({ accepts = ['json'], keepsText }: Route, body: TSchema): Part => ({
  required: !takesNothing(body),
  content: Object.fromEntries(
    accepts.flatMap((kind) => {
      const schema = kind === 'json' && keepsText ? anyJson(body) : bodySchemas[kind](body)
      return contentTypes[kind].map((type) => [type, { schema }])
    }),
  ),
})

/** What is held against a schema here is the text; to its sender it is JSON of any form. */
const anyJson = (body: TSchema): Part => {
  const { type: _text, ...schema } = plain(body)
  return schema
}

/** A form or XML carries the caller's own fields, in which placeholders stand; only JSON has a schema. */
const bodySchemas: Readonly<Record<ContentKind, (body: TSchema) => Part>> = {
  json: (body) => plain(body),
  form: () => ({ type: 'object', additionalProperties: { type: 'string' } }),
  xml: () => ({ type: 'string' }),
}

const takesNothing = (schema: TSchema): boolean => {
  const { anyOf = [], type = [] } = plain<Nullable>(schema)
  return type.includes('null') || anyOf.some((one) => one['type'] === 'null')
}

interface Nullable {
  readonly type?: string | readonly string[]
  readonly anyOf?: readonly Part[]
}

const goodReplies = (dialect: Dialect, route: Route): Part => {
  const headers = { ...headersOfAll(dialect, route), ...headerRefs(route.replyHeaders ?? [], false) }
  if (route.relays) return { default: { description: relayed, headers, content: anything } }
  const { replyType = 'application/json' } = route
  return Object.fromEntries(
    Object.entries(route.replies).map(([status, schema]) => [
      status,
      {
        description: STATUS_CODES[status] ?? 'Good',
        headers,
        ...(hasBody(schema) && { content: { [replyType]: { schema: plain(schema) } } }),
      },
    ]),
  )
}

const relayed = 'What the destination answered'
const anything = { '*/*': { schema: {} } }

const hasBody = (schema: TSchema): boolean => plain(schema)['type'] !== 'null'

/** On every answer: those of the dialect, and what a route says of itself on a refusal as on a good answer. */
const headersOfAll = (dialect: Dialect, route: Route): Part => ({
  ...headerRefs(['x-request-id', ...Object.keys(route.refusalHeaders?.('bug') ?? {})]),
  ...fixedHeaders(dialect),
})

const refusals = (dialect: Dialect, route: Route): Part => {
  const name = refusalSchemaName(dialect)
  // A destination may answer with any status, also with one that the vault refuses with.
  const contentOf = (status: number): Part =>
    route.relays
      ? anything
      : {
          'application/json': {
            schema: withFacts({ $ref: `#/components/schemas/${name}` }, dialect, status),
          },
        }
  const own = Object.keys(dialect.headers ?? {})
  const replies = refusalReplies(dialect, route).map(({ status, types, always, sometimes }) => {
    const known = {
      ...headerRefs(['x-request-id', ...always.filter((name) => !own.includes(name))]),
      ...headerRefs(sometimes, false),
      ...fixedHeaders(dialect),
    }
    const headers = { ...known, 'cardkeep-refusal': refusalHeader(types, !route.relays) }
    const content = contentOf(status)
    return [status, { description: describeRefusals(types, route), headers, content }] as const
  })
  const bug = {
    description: describeRefusals(['A bug'], route),
    headers: headersOfAll(dialect, route),
    content: contentOf(500),
  }
  return { ...Object.fromEntries(replies), 500: bug }
}

const withFacts = (schema: Part, { saysAlways }: Dialect, status: number): Part => {
  const facts = Object.entries(saysAlways?.(status) ?? {})
  if (facts.length === 0) return schema
  return {
    allOf: [
      schema,
      { properties: Object.fromEntries(facts.map(([name, value]) => [name, { const: value }])) },
    ],
  }
}

const describeRefusals = (types: readonly string[], { relays }: Route): string =>
  `${types.join(', ')}${relays ? `; or, without \`cardkeep-refusal\`: ${relayed}` : ''}`

/** Which refusal it is, where the dialect's own words do not tell. */
const refusalHeader = (types: readonly string[], required: boolean): Part => ({
  description: 'Which refusal it is, by its name in Cardkeep',
  required,
  schema: { type: 'string', enum: types },
})

/** What the server itself answers to what is no whole request; it has not got as far as an id. */
export const doorReplies: Part = Object.fromEntries(
  [408, 431].map((status) => [status, { $ref: `#/components/responses/${status}` }]),
)
