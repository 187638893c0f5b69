import { Command } from 'commander'
import { examine } from '../../doctor/examine.ts'
import { withVault } from '../context.ts'
import { jsonOption } from '../options.ts'

export const doctorCommand = (): Command =>
  new Command('doctor')
    .description('look whether the vault and its machine are in order')
    .addOption(jsonOption())
    .action((options: { json?: true }) =>
      withVault(options, async ({ vault, out }) => {
        const findings = await examine(vault)
        out.answer({ ok: findings.every(({ status }) => status !== 'fail'), checks: findings })
        if (findings.some(({ status }) => status === 'fail')) process.exitCode = 1
      }),
    )
