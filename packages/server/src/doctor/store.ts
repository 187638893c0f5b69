import { readAllEntries } from '../audit/read-all.ts'
import { verifyAudit } from '../audit/verify.ts'
import type { Vault } from '../compose.ts'
import type { Finding } from './examine.ts'

export const examineStore = async (vault: Vault): Promise<readonly Finding[]> => [
  await examineWriting(vault),
  await examineAudit(vault),
  await examineSeal(vault),
]

const examineWriting = async ({ store }: Vault): Promise<Finding> => {
  try {
    await store.checkWritable()
    return { check: 'database', status: 'ok', detail: 'can be written' }
  } catch {
    return {
      check: 'database',
      status: 'fail',
      detail: 'cannot be written: look at disk space and permissions',
    }
  }
}

const examineAudit = async ({ store }: Vault): Promise<Finding> => {
  const publicKeys = new Map(
    (await store.keys()).flatMap(({ id, publicKey }) => (publicKey ? [[id, publicKey] as const] : [])),
  )
  const verdict = await verifyAudit({
    checkpoints: await store.checkpoints(),
    entries: readAllEntries(store),
    publicKeys,
  })
  return verdict.ok
    ? {
        check: 'audit',
        status: 'ok',
        detail: `${verdict.entries} entries, signed up to ${verdict.signedUpTo}`,
      }
    : { check: 'audit', status: 'fail', detail: verdict.problem ?? '' }
}

const examineSeal = async ({ store }: Vault): Promise<Finding> =>
  (await store.isSealed())
    ? { check: 'seal', status: 'warn', detail: 'the vault is sealed: every answer is 503 until `unseal`' }
    : { check: 'seal', status: 'ok', detail: 'open' }
