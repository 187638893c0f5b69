import { join } from 'node:path'
import { makeWorkspace } from '../workspace.ts'
import { findMissing, refuseMissing, spellLeftOut } from './needs.ts'
import { startPostgres } from './postgres.ts'
import { startRedis } from './redis.ts'
import { sharedVariables } from './shared-variables.ts'

/** Names of servers, with commas, without which a run fails instead of leaving suites out. */
const needVariable = 'CARDKEEP_TEST_NEED'

const starts = { postgres: startPostgres, redis: startRedis } as const

/** One server of each kind for the whole run, in the folder that is searched for card numbers when they have stopped. */
export const setup = async (): Promise<() => Promise<void>> => {
  const missing = findMissing()
  refuseMissing(missing, process.env[needVariable])
  const folder = makeWorkspace().path
  const kinds = (['postgres', 'redis'] as const).filter((kind) => !missing.includes(kind))
  const servers = await Promise.all(
    kinds.map(async (kind) => {
      const server = await starts[kind]({ folder: join(folder, kind) })
      process.env[sharedVariables[kind]] = JSON.stringify({ port: server.port, folder: server.folder })
      return server
    }),
  )
  return async () => {
    await Promise.all(servers.map((server) => server.stop()))
    for (const line of spellLeftOut(missing)) process.stdout.write(`${line}\n`)
  }
}
