import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { dumpFreshSchema } from '../sqlite/schema.ts'

/* Run it after adding a migration: `npx node packages/server/src/storage/sql/write-snapshot.ts`. */

const folder = mkdtempSync(join(tmpdir(), 'cardkeep-schema-'))
writeFileSync(
  join(import.meta.dirname, 'schema-snapshot.sql'),
  await dumpFreshSchema(join(folder, 'empty.db')),
)
rmSync(folder, { recursive: true })
