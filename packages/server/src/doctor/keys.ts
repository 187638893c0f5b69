import { X509Certificate } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { dayMs } from '@cardkeep/core/kernel/time'
import type { Vault } from '../compose/open-vault.ts'
import type { Config } from '../config.ts'
import type { Finding } from './finding.ts'

export const examineKeys = (vault: Vault): readonly Finding[] => [
  examineRotation(vault),
  examineBackup(vault.config),
  ...examineCertificate(vault),
]

const examineRotation = ({ keyring }: Vault): Finding => {
  const due = keyring.list().filter(({ needsRotation }) => needsRotation)
  const purposes = [...new Set(due.map(({ purpose }) => purpose))].join(', ')
  return due.length === 0
    ? { check: 'keys', status: 'ok', detail: 'none is due to be rotated' }
    : { check: 'keys', status: 'warn', detail: `${due.length} to be rotated soon: ${purposes}` }
}

/** A root key on the same disk as the database is lost, or stolen, together with it. */
const examineBackup = ({ rootKeyFile, dataFolder, database }: Config): Finding => {
  if (database.type !== 'sqlite')
    return {
      check: 'root key',
      status: 'ok',
      detail: 'lies on this machine; every node needs the same, and a copy belongs elsewhere',
    }
  const sameDisk = statSync(rootKeyFile).dev === statSync(dataFolder).dev
  return sameDisk
    ? {
        check: 'root key',
        status: 'warn',
        detail: 'lies on the same disk as the database; keep a copy elsewhere',
      }
    : { check: 'root key', status: 'ok', detail: 'lies on another disk than the database' }
}

const noticeMs = 30 * dayMs

const examineCertificate = ({ config: { tls }, clock }: Vault): readonly Finding[] => {
  if (tls.type !== 'own') return []
  const { validTo } = new X509Certificate(readFileSync(tls.certificateFile))
  const leftMs = Date.parse(validTo) - clock.now()
  const status = leftMs < 0 ? 'fail' : leftMs < noticeMs ? 'warn' : 'ok'
  return [{ check: 'certificate', status, detail: `valid to ${validTo}` }]
}
