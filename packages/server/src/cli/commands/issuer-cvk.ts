import { issuerLimits } from '@cardkeep/core/issuing/issuer'
import { findTenant } from '@cardkeep/core/operations/administration/find-tenant'
import { addCvkComponent, removeCvkComponents } from '@cardkeep/core/operations/issuing/change-issuer'
import { Command } from 'commander'
import { withVault } from '../context.ts'
import { readComponent } from '../cvk-file.ts'
import { CommandFailure, orFail } from '../failure.ts'
import { asInteger, jsonOption } from '../options.ts'

export const issuerCvkCommand = (): Command =>
  new Command('cvk')
    .description("an issuer's card verification keys, of which no custodian knows all")
    .addCommand(addComponent())
    .addCommand(startOver())

interface AddOptions {
  readonly tenant: string
  readonly cvk: string
  readonly custodian: string
  readonly of: number
  readonly json?: true
}

const addComponent = (): Command =>
  new Command('add-component')
    .description("add one custodian's component; with the last the keys are made, and no component stays")
    .requiredOption('--tenant <tenant>', 'name or id')
    .requiredOption('--cvk <file>', 'the component; - is standard input')
    .requiredOption('--custodian <name>', 'who brings it; nobody brings two')
    .requiredOption('--of <number>', 'how many there are', asInteger(2, issuerLimits.components))
    .addOption(jsonOption())
    .action((options: AddOptions) =>
      withVault(options, async ({ vault, operator, out }) => {
        const tenant = orFail(await findTenant(vault.store, options.tenant))
        const wish = {
          custodian: readName(options.custodian),
          component: readComponent(options.cvk),
          expected: options.of,
        }
        const { component, count, expected, issuer } = orFail(
          await addCvkComponent(vault.operatorPorts, operator, tenant, wish),
        )
        out.answer({
          tenant_id: tenant.id,
          custodian: wish.custodian,
          component_check_values: component.checkValues,
          components: count,
          expected,
          cvk_check_values: issuer.cvk?.checkValues ?? null,
        })
      }),
    )

const startOver = (): Command =>
  new Command('start-over')
    .description('forget the components that are here, so that all custodians begin again')
    .requiredOption('--tenant <tenant>', 'name or id')
    .addOption(jsonOption())
    .action((options: { tenant: string; json?: true }) =>
      withVault(options, async ({ vault, operator, out }) => {
        const tenant = orFail(await findTenant(vault.store, options.tenant))
        orFail(await removeCvkComponents(vault.operatorPorts, operator, tenant))
        out.answer({ tenant_id: tenant.id, components: 0 })
      }),
    )

const readName = (text: string): string => {
  const name = text.trim()
  if (!/^[\p{L}\p{N}][\p{L}\p{N} .@_-]{0,63}$/u.test(name))
    throw new CommandFailure('--custodian is a name of 1 to 64 letters, digits, spaces and . @ _ -')
  return name
}
