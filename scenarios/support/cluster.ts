import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { PostgresAccess } from '@cardkeep/testing/servers/postgres-access'
import type { RedisAccess } from '@cardkeep/testing/servers/redis'
import { startVault, type VaultProcess } from '@cardkeep/testing/vault-process'
import { makeWorkspace } from '@cardkeep/testing/workspace'
import { ownCodes, ownDatabase } from './backends.ts'
import { cleanUp } from './clean-up.ts'
import { type Ground, groundAt, makeDemo } from './scenario.ts'
import type { Keys, Shop } from './shop.ts'

/** Several vaults on one database and one place for codes. Commands run beside them, as one more. */
export interface Cluster extends Ground {
  readonly nodes: readonly VaultProcess[]
  readonly demoKeys: Keys
  /** The demo tenant, as a caller of each node. */
  readonly shops: readonly Shop[]
  /** One more node, in a folder of its own. */
  readonly addNode: (more?: Readonly<Record<string, string>>) => Promise<VaultProcess>
}

export interface ClusterOptions {
  readonly postgres: PostgresAccess
  readonly redis: RedisAccess
  readonly nodes?: number
  readonly settings?: Readonly<Record<string, string>>
}

/** All nodes start at once, on a database that has its tables and its demo tenant. */
export const startCluster = async ({
  postgres,
  redis,
  nodes: count = 3,
  settings,
}: ClusterOptions): Promise<Cluster> => {
  const { path: folder } = makeWorkspace()
  const rootKeys = join(folder, 'root-key')
  mkdirSync(rootKeys, { mode: 0o700 })
  const shared = {
    ...ownDatabase(postgres),
    ...ownCodes(redis),
    CARDKEEP_ROOT_KEY: join(rootKeys, 'root.key'),
    ...settings,
  }
  const ground = groundAt(folder, shared)
  const printed = await makeDemo(ground.options)
  const demoKeys = { api_key: printed['CARDKEEP_API_KEY'] ?? '', pub_key: printed['CARDKEEP_PUB_KEY'] ?? '' }
  let made = 0
  const addNode = async (more?: Readonly<Record<string, string>>): Promise<VaultProcess> => {
    const node = await startVault({
      folder: join(folder, `node-${++made}`),
      settings: { ...ground.options.settings, ...more },
    })
    cleanUp(() => node.kill())
    return node
  }
  const nodes = await Promise.all(Array.from({ length: count }, () => addNode()))
  return { ...ground, nodes, demoKeys, shops: nodes.map((node) => ground.shopAt(node, demoKeys)), addNode }
}
