import { join } from 'node:path'
import type { ScopeId, SessionId, TenantId, TokenId } from '@cardkeep/core/kernel/ids'
import { Secret } from '@cardkeep/core/kernel/secret'
import { createTenant } from '@cardkeep/core/operations/administration/create-tenant'
import { openVault } from '@cardkeep/server/compose/open-vault'
import { readConfig } from '@cardkeep/server/config'
import { createCodeStore } from '@cardkeep/server/ephemeral/code-store'
import { createMemoryBackend } from '@cardkeep/server/ephemeral/memory/memory-backend'
import { createCodeSealer } from '@cardkeep/server/keys/code-sealer'
import { serveBench } from './servers.ts'

/* Holds codes as the vault does, sealed under their scope's key, and says how much memory the process has. */

const folder = process.argv[2] ?? ''
const vault = await openVault(readConfig({ CARDKEEP_DATA: join(folder, 'memory-data'), CARDKEEP_PORT: '0' }))
const created = await createTenant(
  vault.operatorPorts,
  { name: 'bench' },
  {
    name: 'memory',
    environment: 'live',
    deduplicates: false,
  },
)
if (!created.ok) throw new Error('the bench could not set up its tenant')
const tenantId: TenantId = created.value.id
const scopeId: ScopeId = created.value.defaultScopeId
const backend = createMemoryBackend({ clock: vault.clock, limitPerOwner: 200_000 })
const codes = createCodeStore(createCodeSealer(vault.keyring), backend)

const holdMany = async (count: number): Promise<number> => {
  for (let index = 0; index < count; index++)
    await codes.hold({
      address: { type: 'session', tenantId, sessionId: vault.ids.uuid() as SessionId },
      place: { scopeId, environment: 'live', tokenId: vault.ids.uuid() as TokenId },
      tenantId,
      code: new Secret(String(100 + (index % 900))),
      ttlMs: 3_600_000,
      uses: 1,
      destinations: undefined,
    })
  return backend.count()
}

const rss = (): number => {
  // Twice: what the first run frees, the second gives back.
  globalThis.gc?.()
  globalThis.gc?.()
  return process.memoryUsage().rss
}

serveBench(
  {},
  {
    rss,
    'hold 1000': () => holdMany(1000),
    'hold 100000': () => holdMany(100_000),
    drop: () => codes.dropAll(),
  },
  () => vault.close(),
)
