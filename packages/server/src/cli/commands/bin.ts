import { statSync } from 'node:fs'
import { basename } from 'node:path'
import { isPrefix } from '@cardkeep/core/bins/parse-bin'
import { prefixesOf } from '@cardkeep/core/bins/prefixes'
import { schemeOfDigits } from '@cardkeep/core/cards/scheme'
import { importBins } from '@cardkeep/core/operations/administration/import-bins'
import { Command } from 'commander'
import type { BinFinding } from '../../bins/read-bins.ts'
import { examineTable, openTable } from '../../bins/table-file.ts'
import { spellBack } from '../../log/spell-back.ts'
import { withVault } from '../context.ts'
import { CommandFailure, orFail } from '../failure.ts'
import { jsonOption } from '../options.ts'
import { showProgress } from '../progress.ts'

export const binCommand = (): Command =>
  new Command('bin')
    .description('what the first digits of a card number say of it')
    .addCommand(importTable())
    .addCommand(show())
    .addCommand(stats())

const importTable = (): Command =>
  new Command('import')
    .description('put a table (CSV, docs/operations/bin-table.md) in the place of the one in use')
    .argument('<file>', 'the table')
    .option('--dry-run', 'only look whether it could be imported')
    .addOption(jsonOption())
    .action((file: string, options: { dryRun?: true; json?: true }) =>
      withVault(options, async ({ vault, operator, out }) => {
        const bytes = sizeOf(file)
        const passes = options.dryRun ? 1 : 2
        const progress = showProgress(bytes * passes, options)
        try {
          const { sha256, rows, ignored, findings } = await examineTable(file, findingsAtMost, progress.add)
          if (findings.length > 0) throw new CommandFailure(spellFindings(file, findings))
          const answer = { rows, sha256, ignored_columns: ignored.map(spellBack) }
          if (options.dryRun) {
            progress.end()
            return out.answer({ imported: false, ...answer })
          }
          const source = openTable(file, sha256, progress.add)
          const { set, at } = orFail(await importBins(vault.operatorPorts, operator, source))
          progress.end()
          const { count } = await vault.store.binTable()
          out.answer({ imported: true, bin_set: set, prefixes: count, ...answer, at: spellTime(at) })
        } finally {
          progress.end()
        }
      }),
    )

const show = (): Command =>
  new Command('show')
    .description('what is known of the cards that begin with some digits')
    .argument('<digits>', '6 to 8 digits')
    .addOption(jsonOption())
    .action((digits: string, options: { json?: true }) => {
      // Read here and not by the parser, whose failure would repeat what was typed: it may be a card number.
      if (!isPrefix(digits))
        throw new CommandFailure('a BIN has 6 to 8 digits; a whole number belongs on no command line')
      return withVault(options, async ({ vault, out }) => {
        const bin = await vault.store.bin(prefixesOf(digits))
        out.answer({
          scheme: schemeOfDigits(digits),
          listed: bin?.prefix ?? null,
          brand: bin?.brand ?? null,
          funding: bin?.funding ?? null,
          segment: bin?.segment ?? null,
          product: bin?.product ?? null,
          issuer: bin?.issuer ?? null,
          country: bin?.country ?? null,
          currency: bin?.currency ?? null,
        })
      })
    })

const stats = (): Command =>
  new Command('stats')
    .description('how many prefixes the table has, and since when')
    .addOption(jsonOption())
    .action((options: { json?: true }) =>
      withVault(options, async ({ vault, out }) => {
        const { count, at } = await vault.store.binTable()
        out.answer({ prefixes: count, at: at === undefined ? null : spellTime(at) })
      }),
    )

/** A failure is one line: with more of them it could not be read. */
const findingsAtMost = 10

const spellFindings = (file: string, findings: readonly BinFinding[]): string => {
  const list = findings.map(
    ({ line, column, wanted }) => `line ${line}${column ? `, column ${column}` : ''}: needs ${wanted}`,
  )
  const more = findings.length === findingsAtMost ? '; there may be more' : ''
  return `${spellBack(basename(file))} was not imported. ${list.join('; ')}${more}`
}

/** It is read twice, so a pipe will not do. */
const sizeOf = (file: string): number => {
  const stat = statSync(file, { throwIfNoEntry: false })
  if (!stat?.isFile()) throw new CommandFailure('there is no such file')
  return stat.size
}

const spellTime = (at: number): string => new Date(at).toISOString()
