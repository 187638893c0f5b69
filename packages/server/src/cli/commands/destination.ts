import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import {
  type ForwardMethod,
  forwardMethods,
  type ProviderHeader,
} from '@cardkeep/core/destinations/destination'
import type { DestinationId } from '@cardkeep/core/kernel/ids'
import { Secret } from '@cardkeep/core/kernel/secret'
import {
  allowDestination,
  removeDestination,
} from '@cardkeep/core/operations/administration/change-destinations'
import { findTenant } from '@cardkeep/core/operations/administration/find-tenant'
import type { Tenant } from '@cardkeep/core/tenants/tenant'
import { Command } from 'commander'
import { type CommandContext, withVault } from '../context.ts'
import { CommandFailure, orFail } from '../failure.ts'
import { readHeaders, type WantedHeader } from '../headers.ts'
import { asListOf, asTexts, jsonOption } from '../options.ts'

export const destinationCommand = (): Command =>
  new Command('destination')
    .description('where card data may be sent')
    .addCommand(allow())
    .addCommand(list())
    .addCommand(remove())

interface AllowOptions {
  readonly tenant: string
  readonly origin: string
  readonly path?: string
  readonly method: readonly ForwardMethod[]
  readonly ca?: string
  readonly clientCert?: string
  readonly clientKey?: string
  readonly header: readonly string[]
  readonly private?: true
  readonly insecureHttp?: true
  readonly json?: true
}

const allow = (): Command =>
  new Command('allow')
    .description('allow an origin, optionally below a path and for some methods only')
    .requiredOption('--tenant <tenant>', 'name or id')
    .requiredOption('--origin <origin>', 'https://HOST[:PORT]')
    .option('--path </prefix>', 'only this path and what is below it')
    .option('--method <method>', 'only this method; may be repeated', asListOf(forwardMethods), [])
    .option('--ca <file>', 'trust these authorities (PEM) for it, and no others')
    .option('--client-cert <file>', 'show this certificate (PEM)')
    .option('--client-key <file>', 'its private key (PEM), kept sealed')
    .option(
      '--header <header>',
      "'Name: VALUE' or 'Name: @FILE' to add, kept sealed; may be repeated",
      asTexts,
      [],
    )
    .option('--private', 'allow private and loopback addresses')
    .option('--insecure-http', 'allow an origin without TLS; test tenants only')
    .addOption(jsonOption())
    .action((options: AllowOptions) =>
      withVault(options, async (context) => {
        const { vault, operator, out } = context
        const tenant = orFail(await findTenant(vault.store, options.tenant))
        const origin = readOrigin(options.origin, options.insecureHttp ?? false)
        const pathPrefix = options.path === undefined ? undefined : readPath(options.path)
        const headers = readHeaders(options.header)
        const id = vault.ids.uuid() as DestinationId
        orFail(
          await allowDestination(vault.operatorPorts, operator, tenant, {
            id,
            origin,
            pathPrefix,
            methods: options.method,
            ca: options.ca === undefined ? undefined : readCertificates(options.ca, '--ca'),
            client: await readClient(context, options, tenant, id),
            headers: await sealHeaders(context, headers, tenant, id),
            allowPrivate: options.private ?? false,
          }),
        )
        out.answer({
          destination_id: id,
          origin,
          path: pathPrefix ?? null,
          methods: spellMethods(options.method),
        })
      }),
    )

const list = (): Command =>
  new Command('list')
    .description("a tenant's destinations")
    .requiredOption('--tenant <tenant>', 'name or id')
    .addOption(jsonOption())
    .action((options: { tenant: string; json?: true }) =>
      withVault(options, async ({ vault, out }) => {
        const tenant = orFail(await findTenant(vault.store, options.tenant))
        const destinations = await vault.store.destinations(tenant.id)
        out.answer({
          destinations: destinations.map((destination) => ({
            destination_id: destination.id,
            origin: destination.origin,
            path: destination.pathPrefix ?? null,
            methods: spellMethods(destination.methods),
            own_ca: destination.ca !== undefined,
            client_certificate: destination.client !== undefined,
            headers: destination.headers.map(({ name }) => name),
            private: destination.allowPrivate,
          })),
        })
      }),
    )

const remove = (): Command =>
  new Command('remove')
    .description('allow a destination no more')
    .argument('<id>', 'the destination_id')
    .requiredOption('--tenant <tenant>', 'name or id')
    .addOption(jsonOption())
    .action((id: string, options: { tenant: string; json?: true }) =>
      withVault(options, async ({ vault, operator, out }) => {
        const tenant = orFail(await findTenant(vault.store, options.tenant))
        orFail(await removeDestination(vault.operatorPorts, operator, tenant, id))
        out.answer({ destination_id: id, removed: true })
      }),
    )

const spellMethods = (methods: readonly string[]): readonly string[] =>
  methods.length > 0 ? methods : ['any']

const readOrigin = (text: string, insecureHttp: boolean): string => {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const isBare = url?.pathname === '/' && url.search === '' && url.hash === '' && url.username === ''
  if (!url || !isBare) throw new CommandFailure('--origin is https://HOST[:PORT] and nothing behind it')
  if (url.protocol === 'https:' || (url.protocol === 'http:' && insecureHttp)) return url.origin
  throw new CommandFailure('--origin must be https; for a test tenant --insecure-http allows http')
}

const readPath = (text: string): string => {
  const path = new URL(text, 'https://path.invalid').pathname
  if (!text.startsWith('/') || path !== text)
    throw new CommandFailure('--path begins with / and is written as it is sent')
  return path
}

const readPem = (file: string, option: string): string => {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    throw new CommandFailure(`${option}: ${file} cannot be read`)
  }
}

const readCertificates = (file: string, option: string): string => {
  const pem = readPem(file, option)
  try {
    new X509Certificate(pem)
    return pem
  } catch {
    throw new CommandFailure(`${option}: ${file} holds no PEM certificate`)
  }
}

const readClient = async (
  { vault }: CommandContext,
  { clientCert, clientKey }: AllowOptions,
  tenant: Tenant,
  id: DestinationId,
) => {
  if (clientCert === undefined && clientKey === undefined) return undefined
  if (clientCert === undefined || clientKey === undefined)
    throw new CommandFailure('--client-cert and --client-key go together')
  const certificate = readCertificates(clientCert, '--client-cert')
  const key = readPem(clientKey, '--client-key')
  if (!fits(certificate, key)) throw new CommandFailure('--client-key is not the key of --client-cert')
  return { certificate, sealedKey: await vault.clientKeys.seal({ tenantId: tenant.id, id }, new Secret(key)) }
}

const sealHeaders = async (
  { vault }: CommandContext,
  headers: readonly WantedHeader[],
  { id: tenantId }: Tenant,
  id: DestinationId,
): Promise<readonly ProviderHeader[]> => {
  const sealed: ProviderHeader[] = []
  for (const { name, value } of headers)
    sealed.push({
      name,
      sealedValue: await vault.providerHeaders.seal({ tenantId, id, header: name }, value),
    })
  return sealed
}

const fits = (certificate: string, key: string): boolean => {
  try {
    return new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key))
  } catch {
    return false
  }
}
