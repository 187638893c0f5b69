import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'

export type Json = Readonly<Record<string, unknown>>

/** As much of a reply as can be held against a document. */
export interface Answered {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly text: string
}

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
export type Judge = (operation: Pick<Operation, 'method' | 'path'>, reply: Answered) => readonly string[]

export const createJudge = (document: Json): Judge => {
  const { paths } = document as unknown as Document
  const complain = createComplainer(document)
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
    const contentType = headers['content-type']
    const type = (typeof contentType === 'string' ? contentType.split(';')[0] : undefined) ?? ''
    // What another server said is as it is.
    if (part.content && '*/*' in part.content && headers['cardkeep-refusal'] === undefined)
      return headers['cardkeep-sent'] === 'yes' ? [] : ['it was relayed, and was not sent']
    const wanted = part.content && '*/*' in part.content ? '*/*' : type
    return [
      ...judgeHeaders(part, headers, (name, value) =>
        complain(`the header ${name}`, [...place, 'headers', name, 'schema'], value),
      ),
      ...(type === '' && text === ''
        ? Object.keys(part.content ?? {}).map((name) => `it has no body of ${name}`)
        : part.content?.[wanted] === undefined
          ? [`the content type ${type} is not documented`]
          : complain('the body', [...place, 'content', wanted, 'schema'], readJson(text))),
    ]
  }
}

/** What is wrong with a body of JSON for an operation. */
export type BodyJudge = (operation: Pick<Operation, 'method' | 'path'>, body: unknown) => readonly string[]

export const createBodyJudge = (document: Json): BodyJudge => {
  const complain = createComplainer(document)
  return ({ method, path }, body) => {
    const place = [
      'paths',
      path,
      method.toLowerCase(),
      'requestBody',
      'content',
      'application/json',
      'schema',
    ]
    return complain('what was taken', place, body)
  }
}

type Complainer = (what: string, place: readonly string[], value: unknown) => readonly string[]

/** Holds values against the schemas at places of the document. */
const createComplainer = (document: Json): Complainer => {
  const ajv = new Ajv2020({ strict: false, allErrors: true })
  addFormats.default(ajv)
  ajv.addSchema(document, root)
  const validators = new Map<string, ValidateFunction>()
  return (what, place, value) => {
    const ref = `${root}#/${place.map(escapePointer).join('/')}`
    const validate = validators.get(ref) ?? ajv.compile({ $ref: ref })
    validators.set(ref, validate)
    return validate(value) ? [] : [`${what}: ${ajv.errorsText(validate.errors)}`]
  }
}

const root = 'openapi.json'

const escapePointer = (word: string): string =>
  encodeURIComponent(word.replaceAll('~', '~0').replaceAll('/', '~1'))

const resolve = (value: unknown, place: readonly string[]): unknown =>
  place.reduce<unknown>((part, name) => (part as Json)[name], value)

const judgeHeaders = (
  { headers: documented = {} }: ReplyPart,
  headers: Answered['headers'],
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
