import { join } from 'node:path'
import { type PostgresServer, startPostgres } from '@cardkeep/testing/servers/postgres'
import { type RedisServer, startRedis } from '@cardkeep/testing/servers/redis'

export interface Backends {
  readonly postgres: PostgresServer
  readonly redis: RedisServer
  stop(): Promise<void>
}

/** Durable as in production: what PostgreSQL acknowledges is on the disk. Redis keeps nothing. */
export const startBackends = async (folder: string): Promise<Backends> => {
  const postgres = await startPostgres({
    folder: join(folder, 'postgres'),
    settings: { shared_buffers: '512MB', max_wal_size: '4GB', checkpoint_timeout: '15min' },
  })
  const redis = await startRedis({ folder: join(folder, 'redis') })
  return {
    postgres,
    redis,
    stop: async () => {
      await redis.stop()
      await postgres.stop()
    },
  }
}

/** What a node of the bench is started with. All nodes of one database have its root key. */
export const nodeOn = (
  { postgres }: Backends,
  folder: string,
  databaseUrl: string,
  codesUrl?: string,
): Readonly<Record<string, string>> => ({
  CARDKEEP_BENCH_DATABASE: databaseUrl,
  CARDKEEP_BENCH_DATABASE_PASSWORD_FILE: postgres.passwordFile,
  CARDKEEP_BENCH_ROOT_KEY: join(folder, 'keys', 'root.key'),
  ...(codesUrl && { CARDKEEP_BENCH_CODES: codesUrl }),
})
