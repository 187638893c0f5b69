import { join } from 'node:path'
import type { Reply } from './client.ts'
import { createMerchant, type Merchant } from './hellgate.ts'
import type { Scenario } from './scenario.ts'
import { until } from './until.ts'

/** A credential of a tenant that exists, and its caller, once the running vault knows it. */
export const openMerchant = async (
  scenario: Pick<Scenario, 'command' | 'folder' | 'vault'>,
  tenant = 'demo',
  words: readonly string[] = [],
): Promise<Merchant & { readonly apiKey: string }> => {
  const { api_key: apiKey } = await scenario.command<{ api_key: string }>(
    ...['credential', 'create', '--tenant', tenant, '--dialect', 'hellgate', ...words],
  )
  const merchant = merchantAt(scenario, apiKey)
  await until('a new key', async () => (await merchant.call('GET', '/tokens?limit=1')).status === 200)
  return { ...merchant, apiKey }
}

export const merchantAt = (
  { folder, vault }: { readonly folder: string; readonly vault: { readonly url: string } },
  apiKey: string,
): Merchant => createMerchant({ url: vault.url, record: join(folder, 'replies.txt') }, apiKey)

/** What is wrong with a request, by path; empty where nothing is. */
export const faultsOf = ({ body }: Reply): readonly string[] =>
  ((body['validation_errors'] ?? []) as readonly { path: string; message: string }[]).map(
    ({ path, message }) => `${path} ${message}`,
  )

export const success = (tokenId: unknown) => ({
  next_action: null,
  status: 'success',
  data: { token_id: tokenId },
})

export const tooManyFailures = {
  next_action: null,
  status: 'failure',
  data: { reason: 'Too many failed attempts', reason_code: 'TOO_MANY_FAILURES' },
}

export const notFound = {
  code: 404,
  classifier: 'NOT_FOUND',
  message: 'The requested resource was not found.',
}

/** wire: hellgate §session states, verified */
export const sessionNotFound = { ...notFound, message: 'The session was not found' }
export const contextNotFound = { ...notFound, message: 'The session_context was not found' }
