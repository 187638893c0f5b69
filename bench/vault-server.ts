import { createWriteStream, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { DestinationId } from '@cardkeep/core/kernel/ids'
import type { Result } from '@cardkeep/core/kernel/result'
import { openSecret } from '@cardkeep/core/kernel/secret'
import { createCredential } from '@cardkeep/core/operations/change-credentials'
import { allowDestination } from '@cardkeep/core/operations/change-destinations'
import { createTenant } from '@cardkeep/core/operations/create-tenant'
import { openVault, serveVault } from '@cardkeep/server/compose'
import { readConfig } from '@cardkeep/server/config'
import { mintCredential } from '@cardkeep/server/dialects/credentials'
import { createLog } from '@cardkeep/server/log/log'
import { serveBench } from './servers.ts'

/* The vault as it is run: durable database, audit log, one log line a request (to a file), a live tenant. */

const needs = <T>(result: Result<T, unknown>): T => {
  if (!result.ok) throw new Error('the bench could not set up its tenant')
  return result.value
}

const folder = process.argv[2] ?? ''
// A load of minutes holds more codes at a time than one tenant usually may.
const config = readConfig({
  CARDKEEP_DATA: join(folder, 'data'),
  CARDKEEP_PORT: '0',
  CARDKEEP_CODES_PER_TENANT: '10000000',
})
const vault = await openVault(config)
const operator = { name: 'bench' }
const tenant = needs(
  await createTenant(vault.operatorPorts, operator, {
    name: 'bench',
    environment: 'live',
    deduplicates: false,
  }),
)
const { id, secret, publicKey } = mintCredential('ozura', 'live', vault.ids)
needs(
  await createCredential(vault.operatorPorts, operator, tenant, {
    id,
    dialect: 'ozura',
    permissions: ['tokenize', 'forward'],
    hash: vault.credentials.hash(secret, id),
    publicKey,
    expiresAt: undefined,
  }),
)
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
      allowPrivate: true,
    }),
  )
const serving = await serveVault(vault, createLog('info', createWriteStream(join(folder, 'vault.log'))))
serveBench({ url: serving.url, apiKey: openSecret(secret, 'hand out'), publicKey: publicKey ?? '' }, {}, () =>
  serving.stop(),
)
