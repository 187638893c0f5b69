import { execFile, execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { findPostgres } from './programs.ts'
import { environment } from './server-process.ts'

/** Who asks, and which database: its URL has no password in it. */
export interface PsqlCall {
  readonly url: string
  readonly password: string
  readonly sql: string
}

export type Rows = readonly Readonly<Record<string, unknown>>[]

const run = promisify(execFile)

/** PostgreSQL's own client, so that what a vault wrote is read by a program that is not the vault's. */
export const psql = async (call: PsqlCall): Promise<string> => {
  const { program, words, options } = spell(call)
  return (await run(program, words, options)).stdout
}

/** The same for callers that cannot wait. */
export const psqlSync = (call: PsqlCall): string => {
  const { program, words, options } = spell(call)
  return execFileSync(program, words, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
}

/** Writes a whole database into a file, as the statements that would make it again. */
export const dumpSync = ({
  url,
  password,
  file,
}: Omit<PsqlCall, 'sql'> & { readonly file: string }): void => {
  const env = { ...environment(), PGPASSWORD: password }
  execFileSync(join(findPostgres() ?? '', 'pg_dump'), ['-d', url, '-f', file], { env, stdio: 'ignore' })
}

/** The query as one that answers a line of JSON, which `readRows` reads. */
export const asJson = (sql: string): string => `select coalesce(json_agg(r), '[]') from (${sql}) r`

export const readRows = (text: string): Rows => JSON.parse(text) as Rows

const spell = ({ url, password, sql }: PsqlCall) => ({
  program: join(findPostgres() ?? '', 'psql'),
  words: ['-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-d', url, '-c', sql],
  options: { env: { ...environment(), PGPASSWORD: password }, maxBuffer: 1 << 28, encoding: 'utf8' as const },
})
