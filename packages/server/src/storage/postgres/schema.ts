import { readMigrations } from '../sql/migrations.ts'
import { readText } from '../sql/values.ts'
import { ask, type Database } from './database.ts'
import { migrate } from './migrate.ts'

/** What the migrations make of an empty database, as lines in a fixed order: for a reader, and for a test to compare. */
export const dumpFreshSchema = async (database: Database): Promise<string> => {
  await migrate(database, readMigrations('postgres'))
  const session = await database.connect()
  try {
    const { rows } = await ask(session, { statement: { name: undefined, text: lines }, values: [] })
    return rows.map((row) => `${readText(row, 'line')}\n`).join('')
  } finally {
    await session.close()
  }
}

const lines = `
  with relations as (select oid, relname from pg_class where relnamespace = current_schema()::regnamespace)
  select line from (
    select relname, 1 as kind, attnum as place, format('%s.%s %s%s%s%s', relname, attname,
        format_type(atttypid, atttypmod), case when attnotnull then ' not null' else '' end,
        case when attidentity <> '' then ' identity' else '' end,
        coalesce(' default ' || pg_get_expr(adbin, adrelid), '')) as line
      from pg_attribute join relations on relations.oid = attrelid
      left join pg_attrdef on adrelid = attrelid and adnum = attnum
      where attnum > 0 and not attisdropped and relname in (select relname from pg_class where relkind = 'r')
    union all
    select relname, 2, 0, format('%s: %s', relname, pg_get_constraintdef(pg_constraint.oid))
      from pg_constraint join relations on relations.oid = conrelid
    union all
    select relname, 3, 0, replace(pg_get_indexdef(indexrelid), format('%I.', current_schema()), '')
      from pg_index join relations on relations.oid = indrelid
  ) as everything order by relname collate "C", kind, place, line collate "C"`
