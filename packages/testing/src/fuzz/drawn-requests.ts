import fc from 'fast-check'
import { notBodies, pathsOf, type Shape } from './hostile.ts'
import type { Json, Operation, Parameter } from './openapi.ts'
import { fieldValues, type Wishes } from './schema-values.ts'

/** A request before the names that stand for credentials, tokens and addresses are replaced. */
export interface Drawn {
  readonly parameters: readonly (Pick<Parameter, 'in' | 'name'> & { readonly value: string })[]
  readonly credential: Credential
  readonly moreHeaders: Readonly<Record<string, string>>
  readonly contentType: string | undefined
  /** Text goes as it is, anything else as JSON; `undefined` sends none. */
  readonly body: unknown
}

const credentials = [
  'valid',
  'first part only',
  'none',
  'empty',
  'unknown',
  'garbage',
  'wrong second part',
] as const
type Credential = (typeof credentials)[number]

/** Requests for an operation: mostly as it wants them, otherwise with one thing or several wrong. */
export const drawRequests = (operation: Operation, wishes: Wishes): fc.Arbitrary<Drawn> => {
  const { parameters } = operation
  const draw = (some: readonly Parameter[]) =>
    fc.tuple(...some.map((parameter) => drawParameter(parameter, wishes)))
  // Where two places say the same thing an operation may refuse both, so that often nothing optional comes.
  const own = fc.oneof(draw(parameters.filter(({ required }) => required)), draw(parameters))
  const head = fc.record({
    parameters: fc
      .tuple(own, mostlyNothing(drawStrangeQuery))
      .map(([drawn, strange]) => [...drawn.flat(), ...(strange ?? [])]),
    credential: fc.oneof(
      { weight: 12, arbitrary: fc.constant<Credential>('valid') },
      { weight: 1, arbitrary: fc.constantFrom(...credentials) },
    ),
    moreHeaders: mostlyNothing(drawHeaders).map((headers) => headers ?? {}),
  })
  return fc.tuple(head, drawBody(operation, wishes)).map(([above, below]) => ({ ...above, ...below }))
}

const mostlyNothing = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.oneof({ weight: 9, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary })

const drawParameter = (
  { in: place, name, required, schema }: Parameter,
  wishes: Wishes,
): fc.Arbitrary<Drawn['parameters']> => {
  const unit = place === 'header' ? 'grapheme-ascii' : 'binary'
  const values = fieldValues(name, schema, wishes, unit).map(String).filter(isSendable[place])
  const one = values.map((value) => [{ in: place, name, value }])
  if (place === 'path') return one
  const none = fc.constant([])
  const twice = fc.tuple(one, one).map((both) => both.flat())
  return fc.oneof(
    { weight: required ? 10 : 4, arbitrary: one },
    { weight: required ? 1 : 4, arbitrary: none },
    { weight: place === 'query' ? 1 : 0, arbitrary: twice },
  )
}

/** A path with a dot alone is another path, and a header with a line break is no HTTP. */
const isSendable: Readonly<Record<Parameter['in'], (value: string) => boolean>> = {
  path: (value) => value !== '' && !/^\.+$/.test(value),
  query: () => true,
  header: (value) => /^[\x20-\x7e]*$/.test(value),
}

const drawStrangeQuery = fc
  .tuple(fc.string({ unit: 'binary', maxLength: 20 }), fc.string({ unit: 'binary', maxLength: 20 }))
  .map(([name, value]): Drawn['parameters'] => [{ in: 'query', name, value }])

const drawHeaders = fc.constantFrom<Readonly<Record<string, string>>>(
  { accept: 'text/html' },
  { 'accept-encoding': 'gzip, br' },
  { 'if-none-match': '*' },
  { 'x-forwarded-for': '203.0.113.9, 10.0.0.1' },
  { 'x-http-method-override': 'DELETE' },
  { 'x-request-id': 'mine' },
  { cookie: 'a=b; a=c' },
  { range: 'bytes=0-1' },
  { 'x-long': 'x'.repeat(8_000) },
)

/** Of each content type what it wants or something else, and sometimes under the name of another. */
const drawBody = (
  { body, method }: Operation,
  wishes: Wishes,
): fc.Arbitrary<Pick<Drawn, 'contentType' | 'body'>> => {
  if (!body)
    return fc.record({
      contentType: fc.constant(undefined),
      body: method === 'GET' ? fc.constant(undefined) : mostlyNothing(fc.jsonValue()),
    })
  const ofTypes = Object.entries(body.content).map(([type, schema]) => {
    const good = fieldValues(type, schema, wishes)
    const arbitrary = fc.record({
      contentType: fc.oneof(
        { weight: 12, arbitrary: fc.constant(type) },
        { weight: 1, arbitrary: fc.constantFrom(...otherTypes) },
      ),
      body: fc.oneof(
        { weight: 6, arbitrary: good },
        { weight: 5, arbitrary: fc.tuple(good, fc.nat(), drawSpoilt).map(spoil) },
        { weight: 1, arbitrary: fc.constantFrom(...Object.values(notBodies), undefined) },
      ),
    })
    // Of JSON there is most to get wrong.
    return { weight: type === 'application/json' ? 3 : 1, arbitrary }
  })
  return fc.oneof(...ofTypes)
}

const otherTypes = [
  'text/plain',
  'application/json; charset=utf-16',
  'application/x-www-form-urlencoded',
  'application/soap+xml',
  'multipart/form-data; boundary=x',
  'x',
  undefined,
]

const missing = Symbol('missing')
const strange = Symbol('one more field')

const drawSpoilt: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom(missing, strange, null, true, 0, -1, 1.5, 1e300, '', [], {}, [[]], ['x']),
  fc.string({ unit: 'binary', maxLength: 100 }),
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom('4111', '😀', '\u0000', '${cardNumber}').map((text) => text.repeat(20_000)),
)

/** The value with one thing in it changed; a value without fields is replaced. */
const spoil = ([value, at, by]: readonly [unknown, number, unknown]): unknown => {
  if (typeof value !== 'object' || value === null) return typeof by === 'symbol' ? {} : by
  if (by === strange) return { ...value, [`strange ${at}`]: at }
  const paths = pathsOf(value as Shape)
  const path = paths[at % Math.max(paths.length, 1)] ?? []
  return replaceAt(value, path, by)
}

const replaceAt = (value: unknown, [first, ...rest]: readonly string[], by: unknown): unknown => {
  if (first === undefined) return by === missing ? {} : by
  const { [first]: inner, ...others } = value as Json
  if (rest.length === 0 && by === missing) return others
  return { ...others, [first]: replaceAt(inner, rest, by) }
}

export interface Spelt {
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: unknown
}

/** As it goes over the wire. */
export const spell = (
  { path, security }: Operation,
  { parameters, credential, moreHeaders, contentType, body }: Drawn,
  known: Readonly<Record<string, string>>,
): Spelt => {
  const fill = <T>(value: T): T =>
    JSON.parse(JSON.stringify(value), (_key, inner: unknown) =>
      typeof inner === 'string'
        ? inner.replace(/^@[a-z]+(?: [a-z0-9]+)?/, (name) => known[name] ?? name)
        : inner,
    ) as T
  const placed = (place: Parameter['in']) =>
    parameters
      .filter((parameter) => parameter.in === place)
      .map(({ name, value }) => [name, fill(value)] as const)
  const query = writeFields(placed('query'))
  const filled = placed('path').reduce(
    (before, [name, value]) => before.replace(`{${name}}`, () => encodeURIComponent(value)),
    path,
  )
  return {
    path: filled + (query === '' ? '' : `?${query}`),
    headers: {
      ...Object.fromEntries(placed('header')),
      ...moreHeaders,
      ...(security.length > 0 && credentialHeaders(credential, known)),
      ...(body !== undefined && contentType !== undefined && { 'content-type': contentType }),
    },
    body: body === undefined || body instanceof Uint8Array ? body : encode(fill(body), contentType),
  }
}

/** The bytes or the text of a body; of none there are none. */
export const spellBody = (body: unknown): string | Uint8Array => {
  if (body === undefined) return ''
  return typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body)
}

/** An object as a form where it is called one; anything else is left to the client. */
const encode = (body: unknown, contentType: string | undefined): unknown => {
  if (contentType !== 'application/x-www-form-urlencoded' || typeof body !== 'object' || body === null)
    return body
  return writeFields(Object.entries(body).map(([name, value]) => [name, String(value)] as const))
}

const writeFields = (fields: readonly (readonly [string, string])[]): string =>
  new URLSearchParams(fields.map(([name, value]): [string, string] => [name, value])).toString()

/** In the headers of the dialect whose credential is known. */
const credentialHeaders = (
  credential: Credential,
  known: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> => {
  const { '@bearer': token, '@user': user, '@credential': key = '', '@public key': publicKey = '' } = known
  if (token !== undefined) return bearerHeaders(credential, token)
  if (user !== undefined) return basicHeaders(credential, user, key)
  const rows: Readonly<Record<Credential, Readonly<Record<string, string>>>> = {
    valid: { 'x-api-key': key, 'x-pub-key': publicKey },
    'first part only': { 'x-api-key': key },
    none: {},
    empty: { 'x-api-key': '' },
    unknown: { 'x-api-key': `key_test_${'a'.repeat(26)}_${'b'.repeat(52)}` },
    garbage: { 'x-api-key': '%00 key' },
    'wrong second part': { 'x-api-key': key, 'x-pub-key': 'pk_test_x' },
  }
  return rows[credential]
}

const basicHeaders = (
  credential: Credential,
  user: string,
  key: string,
): Readonly<Record<string, string>> => {
  const basic = (text: string) => ({
    authorization: `Basic ${Buffer.from(text).toString('base64')}`,
  })
  const rows: Readonly<Record<Credential, Readonly<Record<string, string>>>> = {
    valid: basic(`${user}:${key}`),
    'first part only': basic(user),
    none: {},
    empty: { authorization: '' },
    unknown: basic(`${user}:vf_test_${'a'.repeat(26)}_${'b'.repeat(52)}`),
    garbage: { authorization: 'Basic %00 key' },
    'wrong second part': basic(`${user}:x`),
  }
  return rows[credential]
}

const bearerHeaders = (credential: Credential, token: string): Readonly<Record<string, string>> => {
  const bearer = (text: string) => ({ authorization: `Bearer ${text}` })
  const [header = '', claims = ''] = token.split('.')
  const rows: Readonly<Record<Credential, Readonly<Record<string, string>>>> = {
    valid: bearer(token),
    'first part only': bearer(header),
    none: {},
    empty: { authorization: '' },
    unknown: bearer(`e30.e30.${'a'.repeat(342)}`),
    garbage: { authorization: 'Bearer %00 token' },
    'wrong second part': bearer(`${header}.${claims}x.${'a'.repeat(342)}`),
  }
  return rows[credential]
}
