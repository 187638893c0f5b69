import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createDatabase } from './database.ts'
import { dumpFreshSchema } from './schema.ts'
import { usualPatience } from './settings.ts'

/*
 * Run it after adding a migration, with an empty database that lets you in without a password:
 * `npx node packages/server/src/storage/postgres/write-snapshot.ts postgres://user@host:port/database`.
 */

const [url = ''] = process.argv.slice(2)
const settings = {
  ...{ url, passwordFile: undefined, password: undefined, tls: undefined },
  ...{ connections: 1, pooler: 'none' as const },
}
writeFileSync(
  join(import.meta.dirname, '..', 'sql', 'schema-snapshot.postgres.txt'),
  await dumpFreshSchema(createDatabase(settings, usualPatience)),
)
