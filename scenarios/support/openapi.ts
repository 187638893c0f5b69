import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import type { Json, Reply } from './client.ts'

export interface Parameter {
  readonly name: string
  readonly in: 'path' | 'query' | 'header'
  readonly required: boolean
  readonly schema: Json
}

/** One operation of an OpenAPI document, as much as a caller needs of it. */
export interface Operation {
  readonly id: string
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly path: string
  /** Names of the schemes of each way to show who calls; empty where nobody asks. */
  readonly security: readonly (readonly string[])[]
  readonly parameters: readonly Parameter[]
  readonly body: { readonly required: boolean; readonly content: Readonly<Record<string, Json>> } | undefined
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, OperationPart>>>>
}

interface OperationPart {
  readonly operationId: string
  readonly security: readonly Json[]
  readonly parameters?: readonly Parameter[]
  readonly requestBody?: {
    readonly required: boolean
    readonly content: Readonly<Record<string, { readonly schema: Json }>>
  }
  readonly responses: Readonly<Record<string, ReplyPart | Ref>>
}

interface Ref {
  readonly $ref: string
}

interface ReplyPart {
  readonly headers?: Readonly<Record<string, { readonly required?: boolean; readonly schema: Json }>>
  readonly content?: Readonly<Record<string, unknown>>
}

export const listOperations = (document: Json): readonly Operation[] =>
  Object.entries((document as unknown as Document).paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, part]) => ({
      id: part.operationId,
      method: method.toUpperCase() as Operation['method'],
      path,
      security: part.security.map((way) => Object.keys(way)),
      parameters: part.parameters ?? [],
      body: part.requestBody && {
        required: part.requestBody.required,
        content: Object.fromEntries(
          Object.entries(part.requestBody.content).map(([type, { schema }]) => [type, schema]),
        ),
      },
    })),
  )

/** What is wrong with a reply to an operation, in words; nothing if it is as the document says. */
export type Judge = (operation: Pick<Operation, 'method' | 'path'>, reply: Reply) => readonly string[]

export const createJudge = (document: Json): Judge => {
  const { paths } = document as unknown as Document
  const ajv = new Ajv2020({ strict: false, allErrors: true })
  addFormats.default(ajv)
  ajv.addSchema(document, root)
  const validators = new Map<string, ValidateFunction>()
  /** The schema at a place of the document. */
  const validatorAt = (...place: readonly string[]): ValidateFunction => {
    const ref = `${root}#/${place.map(escapePointer).join('/')}`
    const validate = validators.get(ref) ?? ajv.compile({ $ref: ref })
    validators.set(ref, validate)
    return validate
  }
  const complain = (what: string, validate: ValidateFunction, value: unknown): readonly string[] =>
    validate(value) ? [] : [`${what}: ${ajv.errorsText(validate.errors)}`]

  return ({ method, path }, reply) => {
    const { status, headers, text } = reply
    const replies = paths[path]?.[method.toLowerCase()]?.responses
    const [code, said] = replies?.[status]
      ? [String(status), replies[status]]
      : ['default', replies?.['default']]
    if (!said) return [`the status ${status} is not documented`]
    const place =
      '$ref' in said
        ? said.$ref.slice('#/'.length).split('/')
        : ['paths', path, method.toLowerCase(), 'responses', code]
    const part = '$ref' in said ? (resolve(document, place) as ReplyPart) : said
    const type = String(headers['content-type'] ?? '').split(';')[0] ?? ''
    // What another server said is as it is.
    if (part.content && '*/*' in part.content && headers['cardkeep-refusal'] === undefined)
      return headers['cardkeep-sent'] === 'yes' ? [] : ['it was relayed, and was not sent']
    const wanted = part.content && '*/*' in part.content ? '*/*' : type
    return [
      ...judgeHeaders(part, headers, (name, value) =>
        complain(`the header ${name}`, validatorAt(...place, 'headers', name, 'schema'), value),
      ),
      ...(type === '' && text === ''
        ? Object.keys(part.content ?? {}).map((name) => `it has no body of ${name}`)
        : part.content?.[wanted] === undefined
          ? [`the content type ${type} is not documented`]
          : complain('the body', validatorAt(...place, 'content', wanted, 'schema'), readJson(text))),
    ]
  }
}

const root = 'openapi.json'

const escapePointer = (word: string): string =>
  encodeURIComponent(word.replaceAll('~', '~0').replaceAll('/', '~1'))

const resolve = (value: unknown, place: readonly string[]): unknown =>
  place.reduce<unknown>((part, name) => (part as Json)[name], value)

const judgeHeaders = (
  { headers: documented = {} }: ReplyPart,
  headers: Reply['headers'],
  complain: (name: string, value: unknown) => readonly string[],
): readonly string[] => [
  ...Object.entries(documented).flatMap(([name, { required, schema }]) => {
    const value = headers[name]
    if (value === undefined) return required ? [`the header ${name} is missing`] : []
    return complain(name, schema['type'] === 'integer' ? Number(value) : value)
  }),
  ...Object.keys(headers)
    .filter((name) => ownHeaders.test(name) && !(name in documented))
    .map((name) => `the header ${name} is not documented`),
]

/** Others belong to HTTP and are the same everywhere. */
const ownHeaders = /^(?:cardkeep-|x-|retry-after$)(?!content-type-options)/

/** A text that is no JSON fails every schema of an object. */
const readJson = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
