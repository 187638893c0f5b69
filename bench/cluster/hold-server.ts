import type { SessionId, TokenId } from '@cardkeep/core/kernel/ids'
import { Secret } from '@cardkeep/core/kernel/secret'
import { openEphemeral } from '@cardkeep/server/compose/open-ephemeral'
import { createCodeStore } from '@cardkeep/server/ephemeral/code-store'
import { createCodeSealer } from '@cardkeep/server/keys/code-sealer'
import { serveBench } from '../servers.ts'
import { needsTenant, openBenchVault } from '../vault.ts'

/* Holds codes and takes them again, so many at once, and says how many pairs a second that were. */

const inFlight = 64
const pairs = 60_000

const vault = await openBenchVault(process.argv[2] ?? '')
const { id: tenantId, defaultScopeId: scopeId } = await needsTenant(vault)
const ephemeral = await openEphemeral(vault)
const codes = createCodeStore(createCodeSealer(vault.keyring), ephemeral.codes)
const destination = 'https://provider.example'

const holdAndTake = async (index: number): Promise<void> => {
  const place = { scopeId, environment: 'live', tokenId: vault.ids.uuid() as TokenId } as const
  const address = { type: 'session', tenantId, sessionId: vault.ids.uuid() as SessionId } as const
  const code = new Secret(String(100 + (index % 900)))
  await codes.hold({ address, place, tenantId, code, ttlMs: 90_000, uses: 1, destinations: undefined })
  if (!(await codes.take(address, { place, destination }))) throw new Error('a code was not held')
}

const measure = async (): Promise<number> => {
  let next = 0
  const caller = async (): Promise<void> => {
    while (next < pairs) await holdAndTake(next++)
  }
  const started = performance.now()
  await Promise.all(Array.from({ length: inFlight }, caller))
  return pairs / ((performance.now() - started) / 1000)
}

serveBench({}, { pairs: measure }, async () => {
  await ephemeral.close()
  await vault.close()
})
