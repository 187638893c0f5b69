import { createWriteStream } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { operatorAudit } from '@cardkeep/core/operations/operator'
import { Command } from 'commander'
import { exportLines, readExport } from '../../audit/export-file.ts'
import { readMaterial } from '../../audit/material.ts'
import { type AuditVerdict, verifyAudit } from '../../audit/verify.ts'
import { checkpointAudit } from '../../jobs/checkpoint-audit.ts'
import { withVault } from '../context.ts'
import { CommandFailure } from '../failure.ts'
import { jsonOption } from '../options.ts'
import { createOutput, type Output } from '../output.ts'

export const auditCommand = (): Command =>
  new Command('audit').description('what happened, provably').addCommand(verify()).addCommand(exportLog())

const verify = (): Command =>
  new Command('verify')
    .description('check every entry of the chain and every signature')
    .option('--file <export>', 'check an exported log instead; needs no vault')
    .addOption(jsonOption())
    .action(async (options: { file?: string; json?: true }) => {
      if (options.file !== undefined) {
        report(createOutput(options.json ?? false), await verifyFile(options.file))
        return
      }
      await withVault(options, async ({ vault, out }) =>
        report(out, await verifyAudit(await readMaterial(vault.store))),
      )
    })

const verifyFile = async (file: string): Promise<AuditVerdict> => {
  try {
    return await verifyAudit(await readExport(file))
  } catch {
    throw new CommandFailure(`${file} is not an exported audit log`)
  }
}

const report = (out: Output, verdict: AuditVerdict): void => {
  if (!verdict.ok) throw new CommandFailure(`the audit log does not hold: ${verdict.problem ?? ''}`)
  out.answer({
    ok: true,
    entries: verdict.entries,
    checkpoints: verdict.checkpoints,
    signed_up_to: verdict.signedUpTo,
  })
}

const exportLog = (): Command =>
  new Command('export')
    .description('write the log as lines of JSON that prove themselves')
    .option('--out <file>', 'a file instead of standard output')
    .addOption(jsonOption())
    .action((options: { out?: string; json?: true }) =>
      withVault(options, async ({ vault, operator, out }) => {
        // Reading the log is an event of its own (PCI DSS 10.2.1.3), and stands in what is exported.
        await vault.store.commit([
          operatorAudit(operator, vault.clock.now(), 'audit.exported', { type: 'audit', id: 'log' }),
        ])
        await checkpointAudit(vault.store, vault.auditSigner, vault.clock)
        const lines = Readable.from(withNewlines(exportLines(vault.store)))
        if (options.out === undefined) await pipeline(lines, process.stdout, { end: false })
        else {
          await pipeline(lines, createWriteStream(options.out, { mode: 0o600 }))
          out.answer({ file: options.out })
        }
      }),
    )

async function* withNewlines(lines: AsyncIterable<string>): AsyncGenerator<string> {
  for await (const line of lines) yield `${line}\n`
}
