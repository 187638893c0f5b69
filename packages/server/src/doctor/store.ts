import type { Vault } from '../compose/open-vault.ts'
import type { Finding } from './finding.ts'

export const examineStore = async (vault: Vault): Promise<readonly Finding[]> => [
  await examineWriting(vault),
  await examineSchema(vault),
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

const examineSchema = async ({ store }: Vault): Promise<Finding> => {
  const { version, known } = await store.schema()
  return version > known
    ? {
        check: 'schema',
        status: 'warn',
        detail: `version ${version}, of which this program knows ${known}: finish the upgrade`,
      }
    : { check: 'schema', status: 'ok', detail: `version ${version}` }
}

const examineSeal = async ({ store }: Vault): Promise<Finding> =>
  (await store.isSealed())
    ? { check: 'seal', status: 'warn', detail: 'the vault is sealed: every answer is 503 until `unseal`' }
    : { check: 'seal', status: 'ok', detail: 'open' }
