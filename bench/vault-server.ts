import { createWriteStream, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { DestinationId } from '@cardkeep/core/kernel/ids'
import { openSecret } from '@cardkeep/core/kernel/secret'
import { createCredential } from '@cardkeep/core/operations/administration/change-credentials'
import { allowDestination } from '@cardkeep/core/operations/administration/change-destinations'
import { createScope } from '@cardkeep/core/operations/administration/create-scope'
import { spellBase32, spellPrefixed } from '@cardkeep/core/tokens/spelling'
import { serveVault } from '@cardkeep/server/compose/serve-vault'
import { mintCredential } from '@cardkeep/server/dialects/credentials'
import { createLog } from '@cardkeep/server/log/log'
import { createEventSource, tellReceiver } from './events.ts'
import { countRotations, createIssuing } from './issuing.ts'
import { makeTokens } from './make-tokens.ts'
import { serveBench } from './servers.ts'
import { benchOperator, needs, needsTenant, openBenchVault } from './vault.ts'

/* The vault as it is run: durable database, audit log, one log line a request (to a file), a live tenant. */

const folder = process.argv[2] ?? ''
const vault = await openBenchVault(folder, 'serve')
const operator = benchOperator
const tenant = await needsTenant(vault)
const addCredential = async (dialect: 'ozura' | 'hellgate' | 'verifone') => {
  const { id, secret, publicKey } = mintCredential(dialect, 'live', vault.ids)
  needs(
    await createCredential(vault.operatorPorts, operator, tenant, {
      id,
      dialect,
      permissions: ['tokenize', 'forward'],
      hash: vault.credentials.hash(secret, id),
      publicKey,
      expiresAt: undefined,
    }),
  )
  return { apiKey: openSecret(secret, 'hand out'), publicKey: publicKey ?? '' }
}
const ofOzura = await addCredential('ozura')
const { apiKey: hellgateKey } = await addCredential('hellgate')
const ofVerifone = await addCredential('verifone')
const verifoneBasic = `Basic ${Buffer.from(`${ofVerifone.publicKey}:${ofVerifone.apiKey}`).toString('base64')}`
const providerOrigin = process.env['CARDKEEP_BENCH_PROVIDER']
if (providerOrigin)
  needs(
    await allowDestination(vault.operatorPorts, operator, tenant, {
      id: vault.ids.uuid() as DestinationId,
      origin: providerOrigin,
      pathPrefix: undefined,
      methods: [],
      ca: readFileSync(join(folder, 'provider-ca.pem'), 'utf8'),
      client: undefined,
      headers: [],
      allowPrivate: true,
    }),
  )
const receiverOrigin = process.env['CARDKEEP_BENCH_RECEIVER']
if (receiverOrigin)
  await tellReceiver(vault, tenant, receiverOrigin, readFileSync(join(folder, 'receiver-ca.pem'), 'utf8'))
const events = createEventSource(vault, tenant)
const { counted, rotations } = countRotations(vault)
const serving = await serveVault(counted, createLog('info', createWriteStream(join(folder, 'vault.log'))))

const refusedTokens = async (): Promise<readonly string[]> => {
  const suspended = await makeTokens(vault, tenant, 50, { status: 'suspended' })
  const expired = await makeTokens(vault, tenant, 50, { expiresAt: vault.clock.now() })
  return [...suspended, ...expired].map(spellPrefixed)
}

const shownTokens = async (): Promise<readonly string[]> =>
  (await makeTokens(vault, tenant, 10_000)).map(spellBase32)

/** Another one that knows a number again. */
const addScope = async (): Promise<string> =>
  needs(
    await createScope(vault.operatorPorts, operator, tenant, {
      deduplicates: true,
      networkTokens: undefined,
    }),
  ).id

serveBench(
  { url: serving.url, ...ofOzura, hellgateKey, verifoneBasic },
  {
    rss: () => process.memoryUsage.rss(),
    'largest rss': () => process.resourceUsage().maxRSS * 1024,
    'refused tokens': refusedTokens,
    'shown tokens': shownTokens,
    'new scope': addScope,
    ...events,
    ...createIssuing(vault, tenant),
    rotations,
  },
  () => serving.stop(),
)
