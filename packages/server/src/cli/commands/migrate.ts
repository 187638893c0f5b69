import { Command } from 'commander'
import { type MoveWish, moveToPostgres, stayEmbedded } from '../../compose/move-vault.ts'
import { readDatabaseAt } from '../../config.ts'
import { CommandFailure } from '../failure.ts'
import { operatorName } from '../operator-name.ts'
import { jsonOption } from '../options.ts'
import { createOutput } from '../output.ts'
import { type ShownProgress, showProgress } from '../progress.ts'

interface MigrateOptions {
  readonly from: string
  readonly to: string
  readonly abandon?: true
  readonly targetLost?: true
  readonly json?: true
}

export const migrateCommand = (): Command =>
  new Command('migrate')
    .description(
      'move the vault of an embedded database to PostgreSQL while it serves (docs/operations/migrate.md)',
    )
    .requiredOption('--from <database>', 'sqlite:PATH, the database file of the vault or its folder')
    .requiredOption('--to <database>', 'postgres://USER@HOST:PORT/DATABASE, which is empty')
    .option('--abandon', 'go back: the vault serves where it was')
    .option('--target-lost', 'with --abandon: PostgreSQL is gone, and with it all that was written there')
    .addOption(jsonOption())
    .action(async (options: MigrateOptions) => {
      const wish = readWish(options)
      if (options.targetLost && !options.abandon)
        throw new CommandFailure('--target-lost is said together with --abandon')
      if (options.abandon) await goBack(wish, options)
      else await move(wish, options)
    })

const readWish = ({ from, to }: MigrateOptions): MoveWish => {
  const path = /^sqlite:(.+)$/.exec(from)?.[1]
  if (path === undefined) throw new CommandFailure('--from takes sqlite:PATH')
  const settings = /^postgres(ql)?:/.test(to) ? readDatabaseAt(to) : undefined
  if (settings?.type !== 'postgres') throw new CommandFailure('--to takes postgres://USER@HOST:PORT/DATABASE')
  return { from: path, to: settings, operator: operatorName() }
}

const move = async (wish: MoveWish, options: MigrateOptions): Promise<void> => {
  const out = createOutput(options.json ?? false)
  let bar: ShownProgress = { add: () => {}, end: () => {} }
  try {
    const moved = await moveToPostgres(wish, {
      total: (rows) => {
        bar = showProgress(rows, options)
      },
      add: (rows) => bar.add(rows),
      stage: (stage) => {
        if (!process.stderr.isTTY) out.say(stage)
      },
    })
    bar.end()
    out.answer({
      run: moved.run,
      digest: 'equal',
      tables: moved.counts,
      copy_ms: Math.round(moved.copyMs),
      locked_ms: moved.lockedMs === undefined ? null : Math.round(moved.lockedMs),
      verify_ms: Math.round(moved.verifyMs),
    })
    out.say('The vault is in PostgreSQL now: set CARDKEEP_DATABASE_URL, and start it there.')
  } finally {
    bar.end()
  }
}

const goBack = async (wish: MoveWish, options: MigrateOptions): Promise<void> => {
  const out = createOutput(options.json ?? false)
  const state = await stayEmbedded(wish, options.targetLost ?? false)
  out.answer({ abandoned: true, had_come_to: state })
  out.say('The vault serves where it was. What was copied is of no use: remove the database of the target.')
}
