import { UnavailableError } from '@cardkeep/core/errors'
import { secondMs } from '@cardkeep/core/kernel/time'
import type { Vault } from '../compose/open-vault.ts'
import type { Config } from '../config.ts'
import type { Finding } from './finding.ts'

/** The servers that the vault keeps its tokens and its codes on, where it does; with what their operators decide. */
export const examineServers = async (vault: Vault): Promise<readonly Finding[]> => [
  ...(await examineDatabase(vault)),
  ...(await examineCodes(vault)),
]

const examineDatabase = async ({ config, databaseFacts }: Vault): Promise<readonly Finding[]> =>
  databaseFacts && config.database.type === 'postgres'
    ? judgeServer(await databaseFacts(), config.database)
    : []

type ServerFacts = Awaited<ReturnType<NonNullable<Vault['databaseFacts']>>>
type Settings = Pick<Extract<Config['database'], { type: 'postgres' }>, 'connections' | 'tls'>

/** What PostgreSQL's own project still mends at the time of this version. */
const oldestMajor = 14
/** A node that serves keeps some beside those of its pool, and commands need theirs. */
const connectionsBeside = 3

export const judgeServer = (facts: ServerFacts, { connections, tls }: Settings): readonly Finding[] => [
  facts.major < oldestMajor
    ? {
        check: 'database server',
        status: 'warn',
        detail: `PostgreSQL ${facts.version}, which nobody mends any more: upgrade`,
      }
    : { check: 'database server', status: 'ok', detail: `PostgreSQL ${facts.version}` },
  facts.turnedOff.length > 0
    ? {
        check: 'database durability',
        status: 'fail',
        detail: `a crash can take back what was answered: turn on ${facts.turnedOff.join(', ')}`,
      }
    : { check: 'database durability', status: 'ok', detail: 'what is committed is on a disk' },
  facts.isEncrypted || !tls
    ? {
        check: 'database connection',
        status: 'ok',
        detail: facts.isEncrypted ? 'TLS' : 'plain: on this machine, or encrypted by something else',
      }
    : // A pooler answers for itself and may go on in plain.
      {
        check: 'database connection',
        status: 'warn',
        detail: 'TLS from here, and plain before the server: encrypt the way from the pooler on',
      },
  facts.excessRights.length > 0
    ? {
        check: 'database user',
        status: 'warn',
        detail: `may more than the vault needs: take ${facts.excessRights.join(', ')} from it`,
      }
    : { check: 'database user', status: 'ok', detail: 'has no rights over the server' },
  facts.connectionsAllowed < connections + connectionsBeside
    ? {
        check: 'database connections',
        status: 'warn',
        detail: `the server allows ${facts.connectionsAllowed}, and one node may want ${connections + connectionsBeside}`,
      }
    : {
        check: 'database connections',
        status: 'ok',
        detail: `the server allows ${facts.connectionsAllowed}; a node may want ${connections + connectionsBeside}`,
      },
  judgeClock(facts.clockAheadMs),
]

/** By more, somebody should look why; nodes go by the clock of the server. */
const clocksApartMs = 2 * secondMs

/** By how much the clock of this machine is ahead of the server's, or behind. */
const judgeClock = (aheadMs: number): Finding => {
  const check = 'clock'
  if (Math.abs(aheadMs) <= clocksApartMs)
    return { check, status: 'ok', detail: "agrees with the database's, by which nodes go" }
  const apart = `${Math.round(Math.abs(aheadMs) / secondMs)} seconds ${aheadMs > 0 ? 'ahead of' : 'behind'} the database's`
  return {
    check,
    status: 'warn',
    detail: `${apart}, by which nodes go: see which is wrong, and that NTP keeps both`,
  }
}

const examineCodes = async ({ sharedCodes }: Vault): Promise<readonly Finding[]> => {
  if (!sharedCodes) return []
  const check = 'server for codes'
  try {
    // It is examined as it is opened: whether a code on it could reach a disk or be evicted.
    await sharedCodes()
    return [{ check, status: 'ok', detail: 'keeps codes in memory alone, and evicts none' }]
  } catch (error) {
    if (!(error instanceof UnavailableError)) throw error
    return [{ check, status: 'fail', detail: error.message }]
  }
}
