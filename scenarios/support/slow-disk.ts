import { sharedPostgres } from '@cardkeep/testing/servers/shared'
import { delaySyncs, findStrace } from '@cardkeep/testing/servers/strace'
import { isOnSqlite } from './backends.ts'
import { cleanUp } from './clean-up.ts'
import type { Scenario } from './scenario.ts'

/** The file of the embedded database is slowed by a tracer. */
export const canSlowDisk = !isOnSqlite || findStrace() !== undefined

/** From now on nothing is on the disk of a vault's database sooner than after this time, until that is taken back. */
export const slowDisk = (scenario: Scenario, ms: number): Promise<() => Promise<void>> =>
  isOnSqlite ? slowFile(scenario, ms) : slowServer(scenario, ms)

const slowFile = async ({ vault: { pid } }: Scenario, ms: number): Promise<() => Promise<void>> => {
  const tracer = await delaySyncs(pid, ms)
  const quicken = () => tracer.end('SIGTERM')
  cleanUp(quicken)
  return quicken
}

/** The server waits that long before it syncs what was committed. Its sessions hear of it when they begin. */
const slowServer = async ({ options }: Scenario, ms: number): Promise<() => Promise<void>> => {
  const [server, url] = [sharedPostgres(), options.settings?.['CARDKEEP_DATABASE_URL']]
  if (!server || url === undefined) throw new Error('a vault without a database')
  const name = new URL(url).pathname.slice(1)
  const begin = `select pg_terminate_backend(pid) from pg_stat_activity
    where datname = '${name}' and application_name = 'cardkeep'`
  const set = (delay: string, siblings: string) =>
    server.execute(
      server.url(),
      `alter database ${name} set commit_delay ${delay}; alter database ${name} set commit_siblings ${siblings};
      ${begin}`,
    )
  await set(`= ${ms * 1_000}`, '= 0')
  return () => set('to default', 'to default')
}
