import type { Migration } from '../sql/migrations.ts'
import { isOutside, splitStatements, toPostgres } from './translate.ts'

/*
 * Migrations run while older nodes serve. A statement that has to read or rewrite a table keeps everyone out of it until
 * the end of the transaction, for minutes where the table is large. Tables made by the same migration are empty, and
 * the first three migrations make the schema before anything serves.
 */

const schemaBeforeServing = 3

interface Rule {
  readonly form: RegExp
  readonly instead: string
}

const table = String.raw`(?<table>\w+)`

const rules: readonly Rule[] = [
  {
    form: new RegExp(
      String.raw`^create (?:unique )?index (?!concurrently)(?:if not exists )?\w+ on ${table}`,
    ),
    instead:
      'build the index concurrently, if not exists, in a `.postgres.sql` file outside of a transaction',
  },
  {
    form: new RegExp(
      String.raw`^alter table ${table} add (?:constraint|check|foreign key)\b(?!.*\bnot valid\b)`,
      's',
    ),
    instead: 'add the constraint `not valid`, and validate it outside of a transaction',
  },
  {
    form: new RegExp(
      String.raw`^alter table ${table} add column .*\b(?:references|check|unique|primary key)\b`,
      's',
    ),
    instead: 'add the column alone, and the constraint `not valid` after it',
  },
  {
    form: new RegExp(
      String.raw`^alter table ${table} add column .*\bdefault (?!null\b|true\b|false\b|-?\d|')`,
      's',
    ),
    instead: 'give the column a constant default, which rewrites nothing',
  },
  {
    form: new RegExp(String.raw`^alter table ${table} add column (?!.*\bdefault\b).*\bnot null\b`, 's'),
    instead: 'give a column that may not be null a constant default',
  },
  {
    form: new RegExp(
      String.raw`^alter table ${table} alter column \w+ (?:set data )?(?:type|set not null)\b`,
    ),
    instead: 'add a new column beside the old one; for `not null`, check it `not valid` first',
  },
  {
    form: new RegExp(String.raw`^(?:update|delete from) ${table}\b`),
    instead: 'change rows in portions while the vault runs, not in a migration',
  },
]

const outsideRule: Rule = {
  form: new RegExp(String.raw`^create (?:unique )?index (?!concurrently if not exists )(?:.* )?on ${table}`),
  instead: 'build the index concurrently, and `if not exists`, so that it goes on where it was cut short',
}

/** What of a migration would keep nodes out of a table that they use; empty where nothing does. */
export const findLongLocks = (migration: Pick<Migration, 'number' | 'name' | 'text'>): readonly string[] => {
  if (migration.number <= schemaBeforeServing) return []
  const statements = splitStatements(toPostgres(migration)).map((text) =>
    text.replaceAll(/\s+/g, ' ').toLowerCase(),
  )
  const made = new Set(statements.map((text) => /^create table (\w+)/.exec(text)?.[1]))
  return statements.flatMap((text) =>
    (isOutside(migration) ? [outsideRule] : rules).flatMap(({ form, instead }) => {
      const found = form.exec(text)?.groups?.['table']
      return found === undefined || made.has(found)
        ? []
        : [`${migration.name}: ${text.slice(0, 60)}: ${instead}`]
    }),
  )
}
