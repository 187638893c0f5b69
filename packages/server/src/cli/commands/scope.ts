import { parseId, type ScopeId } from '@cardkeep/core/kernel/ids'
import type { NetworkTokenSettings } from '@cardkeep/core/network-tokens/network-token'
import { changeScope } from '@cardkeep/core/operations/administration/change-scope'
import { createScope, linkScope } from '@cardkeep/core/operations/administration/create-scope'
import { findTenant } from '@cardkeep/core/operations/administration/find-tenant'
import type { NetworkTokenProviders } from '@cardkeep/core/ports'
import type { Scope } from '@cardkeep/core/tenants/tenant'
import { Command } from 'commander'
import { withVault } from '../context.ts'
import { CommandFailure, orFail } from '../failure.ts'
import { asOneOf, jsonOption } from '../options.ts'

export const scopeCommand = (): Command =>
  new Command('scope')
    .description('where tokens are valid')
    .addCommand(create())
    .addCommand(change())
    .addCommand(link())

interface SchemeOptions {
  readonly networkTokens?: true
  readonly accountReference?: true
  readonly tokenRequestor?: NetworkTokenSettings['requestor']
}

const withSchemeOptions = (command: Command): Command =>
  command
    .option('--network-tokens', 'have card schemes give out tokens where a request asks for them')
    .option('--account-reference', 'have card schemes tell the account reference (PAR) of a card')
    .option(
      '--token-requestor <who>',
      'merchant: the tenant asks under its own requestor id, and is shown what is given out; vault: it is shown that there is one (the default)',
      asOneOf(['merchant', 'vault'] as const),
    )

/** `undefined` where nothing is asked of card schemes. */
const readSettings = (options: SchemeOptions): NetworkTokenSettings | undefined => {
  const { networkTokens = false, accountReference = false, tokenRequestor = 'vault' } = options
  if (networkTokens || accountReference)
    return { networkToken: networkTokens, accountReference, requestor: tokenRequestor }
  if (options.tokenRequestor)
    throw new CommandFailure('--token-requestor goes with --network-tokens or --account-reference')
  return undefined
}

const describe = ({ environment, networkTokens }: Scope, providers: NetworkTokenProviders) =>
  networkTokens
    ? {
        network_tokens: networkTokens.networkToken,
        account_reference: networkTokens.accountReference,
        token_requestor: networkTokens.requestor,
        provider: providers(environment)?.name,
      }
    : { network_tokens: false, account_reference: false }

const create = (): Command =>
  withSchemeOptions(
    new Command('create')
      .description('make a scope and link it to a tenant')
      .requiredOption('--tenant <tenant>', 'name or id')
      .option('--no-dedupe', 'give out a new token for every card, known or not'),
  )
    .addOption(jsonOption())
    .action((options: SchemeOptions & { tenant: string; dedupe: boolean; json?: true }) =>
      withVault(options, async ({ vault: { store, operatorPorts }, operator, out }) => {
        const tenant = orFail(await findTenant(store, options.tenant))
        const wish = { deduplicates: options.dedupe, networkTokens: readSettings(options) }
        const scope = orFail(await createScope(operatorPorts, operator, tenant, wish))
        out.answer({
          token_scope: scope.id,
          deduplicates: scope.deduplicates,
          environment: scope.environment,
          ...(scope.networkTokens && describe(scope, operatorPorts.networkTokens)),
        })
      }),
    )

const change = (): Command =>
  withSchemeOptions(
    new Command('change')
      .description('say what a scope asks of card schemes from now on')
      .argument('<id>', 'the token_scope'),
  )
    .option('--none', 'nothing any more; what was given out stays until it is suspended or deleted')
    .addOption(jsonOption())
    .action((text: string, options: SchemeOptions & { none?: true; json?: true }) =>
      withVault(options, async ({ vault: { operatorPorts }, operator, out }) => {
        const scopeId = readScopeId(text)
        const settings = readSettings(options)
        // Taken away only where that was said: a forgotten option is no wish.
        if ((settings === undefined) !== (options.none === true))
          throw new CommandFailure('say either --network-tokens or --account-reference, or --none')
        const scope = orFail(await changeScope(operatorPorts, operator, scopeId, settings))
        out.answer({ token_scope: scope.id, ...describe(scope, operatorPorts.networkTokens) })
      }),
    )

const link = (): Command =>
  new Command('link')
    .description("let another tenant use a scope's tokens")
    .argument('<id>', 'the token_scope')
    .requiredOption('--tenant <tenant>', 'name or id')
    .addOption(jsonOption())
    .action((text: string, options: { tenant: string; json?: true }) =>
      withVault(options, async ({ vault, operator, out }) => {
        const scopeId = readScopeId(text)
        const tenant = orFail(await findTenant(vault.store, options.tenant))
        orFail(await linkScope(vault.operatorPorts, operator, scopeId, tenant))
        out.answer({ token_scope: scopeId, tenant_id: tenant.id, linked: true })
      }),
    )

const readScopeId = (text: string): ScopeId => {
  const scopeId = parseId<ScopeId>(text)
  if (!scopeId) throw new CommandFailure('a scope id is a UUID')
  return scopeId
}
