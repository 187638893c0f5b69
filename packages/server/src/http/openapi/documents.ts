import { STATUS_CODES } from 'node:http'
import type { Dialect } from '../dialect.ts'
import {
  credentialName,
  describeOperation,
  plain,
  publicKeyName,
  refusalSchemaName,
  templatePath,
} from './operation.ts'
import type { Part } from './part.ts'
import { vaultPaths } from './vault-paths.ts'

export interface OpenApiDocument extends Part {
  readonly openapi: string
  readonly paths: Readonly<Record<string, Part>>
}

export interface OpenApiParts {
  readonly version: string
  /** All that are offered; what they share is said in the words of the only one, or in none's. */
  readonly dialects: readonly Dialect[]
}

/** The whole of what this vault answers, its own routes included. */
export const describeVault = ({ version, dialects }: OpenApiParts): OpenApiDocument =>
  documentOf(version, dialects, dialects, {
    paths: vaultPaths(dialects),
    tags: [{ name: 'vault', description: 'How the vault is, and what it offers' }],
  })

/** One dialect of it. */
export const describeDialect = ({ version, dialects }: OpenApiParts, dialect: Dialect): OpenApiDocument =>
  documentOf(version, dialects, [dialect])

const documentOf = (
  version: string,
  offered: readonly Dialect[],
  dialects: readonly Dialect[],
  own: { readonly paths: Readonly<Record<string, Part>>; readonly tags: readonly Part[] } = {
    paths: {},
    tags: [],
  },
): OpenApiDocument => ({
  openapi: '3.1.0',
  info: {
    title: own.tags.length > 0 ? 'Cardkeep' : `Cardkeep: ${dialects.map(({ name }) => name).join(', ')}`,
    version,
    description: 'A card vault: it keeps the card and forgets the code.',
    license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
  },
  servers: [{ url: '/' }],
  tags: [...dialects.map(({ name }) => ({ name, description: `The API of ${name}` })), ...own.tags],
  paths: { ...pathsOf(dialects), ...own.paths },
  components: {
    schemas: {
      ...Object.fromEntries(
        dialects.map((dialect) => [refusalSchemaName(dialect), plain(dialect.refusalSchema)]),
      ),
      ...(isShared(offered) && { vaultRefusal }),
    },
    responses: Object.fromEntries([408, 431].map((status) => [status, doorReply(offered, status)])),
    securitySchemes: Object.assign({}, ...dialects.map(schemesOf)) as Part,
  },
})

const pathsOf = (dialects: readonly Dialect[]): Readonly<Record<string, Part>> => {
  const paths: Record<string, Record<string, Part>> = {}
  for (const dialect of dialects)
    for (const route of dialect.routes) {
      const operations = (paths[templatePath(route)] ??= {})
      operations[route.method.toLowerCase()] = describeOperation(dialect, route)
    }
  return paths
}

const schemesOf = (dialect: Dialect): Part => {
  const { credential, publicKey } = dialect.security
  return {
    [credentialName(dialect)]: credential,
    ...(publicKey && { [publicKeyName(dialect)]: publicKey }),
  }
}

/** What no dialect has asked for is refused in the words of the only one that is offered. */
const isShared = (offered: readonly Dialect[]): boolean => offered.length !== 1

const vaultRefusal: Part = {
  type: 'object',
  required: ['error'],
  properties: { error: { type: 'string' } },
}

const doorReply = (offered: readonly Dialect[], status: number): Part => {
  const [only] = offered
  const name = only && !isShared(offered) ? refusalSchemaName(only) : 'vaultRefusal'
  return {
    description: STATUS_CODES[status],
    content: { 'application/json': { schema: { $ref: `#/components/schemas/${name}` } } },
  }
}
