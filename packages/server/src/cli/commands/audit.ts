import { hash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { type AuditChain, mainChain } from '@cardkeep/core/audit/chain'
import type { AuditCheckpoint } from '@cardkeep/core/changes'
import { dayMs, type EpochMs, epochMs } from '@cardkeep/core/kernel/time'
import { operatorAudit } from '@cardkeep/core/operations/operator'
import { Command, InvalidArgumentError } from 'commander'
import { archiveAudit, findCuts } from '../../audit/archive.ts'
import { findApart } from '../../audit/common-ground.ts'
import { exportLines } from '../../audit/export-file.ts'
import { readMaterial } from '../../audit/material.ts'
import { readExport } from '../../audit/read-export.ts'
import { type AuditMaterial, verifyAudit } from '../../audit/verify.ts'
import { checkpointAudit } from '../../jobs/checkpoint-audit.ts'
import { describeProgress, readProgress } from '../../shipping/progress.ts'
import { withVault } from '../context.ts'
import { CommandFailure } from '../failure.ts'
import { jsonOption } from '../options.ts'
import { createOutput, type Output } from '../output.ts'

export const auditCommand = (): Command =>
  new Command('audit')
    .description('what happened, provably')
    .addCommand(verify())
    .addCommand(exportLog())
    .addCommand(archive())

interface VerifyOptions {
  readonly file?: string
  readonly against?: string
  readonly key?: readonly string[]
  readonly json?: true
}

const verify = (): Command =>
  new Command('verify')
    .description('check every entry of the chain and every signature')
    .option('--file <export>', 'check an exported log instead; needs no vault')
    .option('--against <export>', 'hold it against an earlier export: what was signed then must still stand')
    .option('--key <fingerprint>', 'trust only this signing key; may be repeated', collect)
    .addOption(jsonOption())
    .action(async (options: VerifyOptions) => {
      if (options.file !== undefined) {
        const material = await needsExport(options.file)
        await check(createOutput(options.json ?? false), material, options)
      } else
        await withVault(options, async ({ vault, out }) =>
          check(out, await readMaterial(vault.store), options),
        )
    })

const collect = (text: string, before: readonly string[] = []): readonly string[] => [
  ...before,
  text.toLowerCase(),
]

const check = async (
  out: Output,
  material: AuditMaterial,
  { against, key }: VerifyOptions,
): Promise<void> => {
  const trusted = [...material.publicKeys].filter(([, spki]) => !key || key.includes(fingerprintOf(spki)))
  const earlier = against === undefined ? [] : await readSignatures(against)
  const apart = against === undefined ? undefined : findApart(material, earlier)
  if (apart !== undefined)
    throw new CommandFailure(`the earlier export has nothing in common with ${nameOf(apart)} that was signed`)
  const verdict = await verifyAudit({ ...material, publicKeys: new Map(trusted) }, earlier).catch(() => {
    throw new CommandFailure('the exported audit log cannot be read to its end')
  })
  if (!verdict.ok) throw new CommandFailure(`the audit log does not hold: ${verdict.problem ?? ''}`)
  // Public keys are public: anyone can write them above entries of their own.
  const unsigned = verdict.chains.find(({ entries, signedUpTo }) => entries > 0 && signedUpTo === 0)
  if (key && (verdict.signedUpTo === 0 || unsigned))
    throw new CommandFailure(`${nameOf(unsigned?.chain)} has no signature by a key that is named`)
  out.answer({
    ok: true,
    entries: verdict.entries,
    from: verdict.from,
    checkpoints: verdict.checkpoints,
    signed_up_to: verdict.signedUpTo,
    signing_keys: trusted.map(([, spki]) => fingerprintOf(spki)),
    chains: verdict.chains.map(({ chain, entries, from, checkpoints, signedUpTo }) => ({
      chain,
      entries,
      from,
      checkpoints,
      signed_up_to: signedUpTo,
    })),
  })
}

const readSignatures = async (file: string): Promise<readonly AuditCheckpoint[]> => {
  const { chains } = await needsExport(file)
  return (await Promise.all(chains.map(({ readCheckpoints }) => readCheckpoints()))).flat()
}

const nameOf = (chain: AuditChain = mainChain): string =>
  chain === mainChain ? 'the audit log' : `chain ${chain} of the audit log`

/** SHA-256 of the public key in SPKI DER, in hex: what an auditor keeps elsewhere to know the key by. */
const fingerprintOf = (spki: Uint8Array): string => hash('sha256', spki, 'hex')

const needsExport = async (file: string): Promise<AuditMaterial> => {
  try {
    return await readExport(file)
  } catch {
    throw new CommandFailure(`${file} is not an exported audit log`)
  }
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

const archive = (): Command =>
  new Command('archive')
    .description('move entries that are older than the retention into a file')
    .requiredOption('--out <file>', 'a file that is not there yet')
    .option('--before <date>', 'a day further back than the retention, as 2026-01-31', asDay)
    .addOption(jsonOption())
    .action((options: { out: string; before?: EpochMs; json?: true }) =>
      withVault(options, async ({ vault, operator, out }) => {
        const { store, clock, config } = vault
        const latest = epochMs(clock.now() - config.auditRetentionDays * dayMs)
        const before = options.before ?? latest
        if (before > latest)
          throw new CommandFailure(
            `entries are kept for ${config.auditRetentionDays} days (CARDKEEP_AUDIT_DAYS)`,
          )
        const cuts = await findCuts(store, before)
        if (!cuts) throw new CommandFailure('no signed entry is so old')
        const behind = (await readProgress(store, config.auditSinks)).find(({ chain, seq }) =>
          cuts.some((cut) => cut.chain === chain && seq < cut.seq),
        )
        if (behind) throw new CommandFailure(`${describeProgress(behind)} only`)
        const sha256 = await archiveAudit({ store, clock }, operator, cuts, options.out).catch(
          (error: unknown) => {
            if (error instanceof Error && 'code' in error && error.code === 'EEXIST')
              throw new CommandFailure(`${options.out} is there already`)
            throw error
          },
        )
        if (sha256 === undefined)
          throw new CommandFailure(
            'another archived at the same time, or the log does not hold: see audit verify; nothing was removed',
          )
        out.answer({
          file: options.out,
          up_to: cuts.reduce((sum, { seq }) => sum + seq, 0),
          sha256,
          chains: cuts.map(({ chain, seq }) => ({ chain, up_to: seq })),
        })
      }),
    )

const asDay = (text: string): EpochMs => {
  const at = Date.parse(`${text}T00:00:00Z`)
  if (!/^\d{4}-\d\d-\d\d$/.test(text) || Number.isNaN(at))
    throw new InvalidArgumentError('a day as 2026-01-31')
  return epochMs(at)
}

async function* withNewlines(lines: AsyncIterable<string>): AsyncGenerator<string> {
  for await (const line of lines) yield `${line}\n`
}
